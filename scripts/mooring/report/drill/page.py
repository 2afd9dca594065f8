"""Drills as one HTML file that needs nothing else: no network, no server, and no script to be read."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.drill.arms.names import HEAD
from mooring.drill.measure import Recovery
from mooring.drill.run import Drilled
from mooring.report import webpage
from mooring.report.drill import units, wording
from mooring.report.drill.columns import COLUMNS
from mooring.report.drill.lanes import MEANS, OUTCOMES, Cell
from mooring.report.drill.plots import SPARED, Timeline, timeline
from mooring.report.drill.values import Report, Trace

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.html")

PIECES, LEAST, MOST = 6000, 50, 200
"""Pieces of time of all lanes of a page together, and of each lane: so that the page stays small."""


def page(report: Report, drilled: Mapping[str, Drilled]) -> str:
    """The whole page. Everything in it is escaped by the template."""
    lanes = sum(len(each.arms) for each in drilled.values())
    most = max(LEAST, min(MOST, PIECES // max(lanes, 1)))
    drawn = {name: timeline(each, most) for name, each in drilled.items()}
    arms = list(dict.fromkeys(arm.name for trace in report.traces for arm in trace.compared))
    return _template().render(
        r=report,
        drawn=drawn,
        moments={name: _moments(each) for name, each in drawn.items() if each},
        felt={trace.name: _felt(trace) for trace in report.traces},
        arms=arms,
        columns=COLUMNS,
        outcomes=OUTCOMES,
        means=MEANS,
        w=wording,
        u=units,
        csp=_policy(),
    )


def _felt(trace: Trace) -> list[Recovery]:
    """Incidents of the head in which a question failed, the longest first."""
    found = trace.figures(HEAD)
    return sorted((each for each in found.recoveries if each.failed), key=lambda each: -each.seconds) if found else []


def _moments(drawn: Timeline) -> dict[str, Any]:
    """What the page's script reads out where the cursor is: times, and for each lane counts and seconds."""
    bins = drawn.axis.bins
    return {
        "incidents": [[round(each.start), round(each.end), webpage.whole(each.says())] for each in drawn.incidents],
        "bins": [[round(each.start), round(each.end), round(each.left, 1), round(each.right, 1)] for each in bins],
        "lanes": ["|".join(map(_compact, lane.cells)) for lane in (*drawn.lanes, *drawn.policies)],
    }


def _compact(cell: Cell) -> str:
    """Counts by OUTCOMES, the median, the slowest and whether the breaker was open; "" where nothing was asked."""
    if not cell.asked:
        return ""
    spared = cell.spared is not None and cell.spared >= SPARED
    told = [*(str(number or "") for number in cell.counts), _seconds(cell.median), _seconds(cell.slowest), "1" * spared]
    return "/".join(told)


def _seconds(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"


@lru_cache(maxsize=1)
def _template() -> "Template":
    return webpage.template(webpage.source(TEMPLATE), {"whole": webpage.whole})


@lru_cache(maxsize=1)
def _policy() -> str:
    return webpage.policy(webpage.source(TEMPLATE))
