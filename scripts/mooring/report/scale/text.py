"""The scale report for the terminal."""

from collections.abc import Iterator, Sequence

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.limits import sharding
from mooring.drill.scale.scaled import Scaled
from mooring.report.scale import rows
from mooring.report.scale.units import short


def text(found: Sequence[Scaled], figures: Figures, given: Assumptions) -> str:
    """Lines that end with a newline."""
    return "\n".join(_lines(found, figures, given)) + "\n"


def _lines(found: Sequence[Scaled], figures: Figures, given: Assumptions) -> Iterator[str]:
    yield f"measured {figures.measured} on {figures.machine}; the rest is computed and simulated"
    yield ""
    yield from aligned([("requests a minute", *(f"{one.plan.rate:,.0f}" for one in found)), *rows.needs(found)])
    for one in found:
        yield ""
        yield f"{one.plan.rate:,.0f} requests a minute: where each part ends"
        yield from aligned([rows.LIMITS, *rows.limits(one)])
        yield f"* breaks first: {one.first.part}; {one.first.remedy}"
    yield ""
    yield "simulated, while load grows:"
    yield from aligned([rows.SIMULATED, *rows.simulated(found)])
    yield f"({rows.cells(found)}; a part is broken when more than 1 % of requests suffer)"
    begins = short(sharding(figures, given))
    yield f"sharding by tenant begins at {begins} requests a minute, with servers of {given.database_cores} cores"


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
