"""The page `.github/SCALING.md`: the scale report with what is measured, computed and assumed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.limits import sharding
from mooring.drill.scale.scaled import Scaled
from mooring.report.scale import rows
from mooring.report.scale.units import dollars, percent, short, times

TEMPLATE = Path(__file__).with_name("page.md")


def page(found: Sequence[Scaled], figures: Figures, given: Assumptions) -> str:
    """Markdown that ends with a newline."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - our own numbers
    environment.trim_blocks = environment.lstrip_blocks = environment.keep_trailing_newline = True
    environment.filters["thousands"] = lambda value: f"{value:,.0f}"
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        found=found,
        figures=figures,
        given=given,
        rates=_listed([f"{one.plan.rate:,.0f}" for one in found]),
        short=list(_short(found, figures, given)),
        run=rows.run(figures),
        models=rows.models(figures),
        process=rows.process(figures),
        needs=rows.needs(found),
        sharding=short(sharding(figures, given)),
        ends=[{"rate": f"{one.plan.rate:,.0f}", "rows": rows.remedies(one)} for one in found],
        cells=rows.cells(found),
        simulated=rows.simulated(found),
        assumptions=rows.assumptions(given),
    )


def _short(found: Sequence[Scaled], figures: Figures, given: Assumptions) -> Iterator[str]:
    for one in found:
        plan, missing = one.plan, [limit.part for limit in one.limits if limit.grows and limit.times < 1]
        needs = (
            f"{plan.pods:,} pods with {short(plan.worker_load)} cores in use",
            f"{plan.shards} PostgreSQL of {plan.database_cores} cores",
            f"{short(plan.quota.tokens or 0)} tokens a minute",
            f"{dollars(plan.cost.total)} a month, of which models are {percent(plan.cost.models / plan.cost.total)}",
        )
        ends = _missing(missing) if missing else f"First ends: {one.first.part}."
        yield f"**{plan.rate:,.0f} a minute**: {', '.join(needs)}. {ends}"
    run = figures.run[given.mode]
    spent = f"{run.worker_seconds * 1e3:.0f} ms in a worker and {run.database_seconds * 1e3:.1f} ms in PostgreSQL"
    yield f"A run takes {spent} of processor time: a core serves {short(60 / run.worker_seconds)} a minute at most."
    jumps = _listed([times(one.surge.holds) for one in found])
    yield f"With pods as planned, load may jump to {jumps} before any is added."


def _missing(parts: Sequence[str]) -> str:
    return f"**Not before these are solved**, which end below that rate: {'; '.join(parts)}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
