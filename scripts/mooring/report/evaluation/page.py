"""An evaluation as one HTML file that needs nothing else: no network, no server, and no script to be read."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.evaluate.behaviour.values import Behaviour, CaseReport, Turn
from mooring.report import webpage
from mooring.report.evaluation import wording
from mooring.report.evaluation.plots import Plot, plots
from mooring.report.evaluation.words import Span, compared

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Sides:
    """One message with both answers in spans; `old` is None where it was not asked before."""

    message: str
    old: tuple[Span, ...] | None
    new: tuple[Span, ...]


@dataclass(frozen=True)
class Item:
    """One case as it is shown and found: `states` are what a filter may ask for."""

    case: CaseReport
    states: tuple[str, ...]
    standing: str
    moved: str
    sides: tuple[Sides, ...]


def page(behaviour: Behaviour) -> str:
    """The whole page. Everything in it is escaped by the template."""
    items = [_item(case) for case in behaviour.cases]
    drawn: tuple[Plot, ...] = plots(behaviour)
    return _template().render(
        b=behaviour,
        items=items,
        plots=drawn,
        suites=sorted({case.suite for case in behaviour.cases}),
        states=[state for state in STATES if any(state in item.states for item in items)],
        tags=sorted({tag for case in behaviour.cases for tag in case.tags}),
        w=wording,
        csp=_policy(),
    )


STATES = ("blocks", "fails", "errors", "differs", "worse", "better", "new", "changed", "not-judged", "failing", "same")


def _item(case: CaseReport) -> Item:
    failed, errors = bool(case.head.failed), bool(case.head.errors)
    marks = {"blocks": case.blocking, "fails": failed, "errors": errors, "differs": case.differs, case.state: True}
    states = tuple(state for state in STATES if marks.get(state))
    return Item(case, states, wording.standing(case), wording.moved(case), tuple(map(_sides, case.turns)))


def _sides(turn: Turn) -> Sides:
    new = "\n".join(wording.said(turn.new))
    if turn.old is None:
        return Sides(turn.message, None, (Span(new, False),))
    left, right = compared("\n".join(wording.said(turn.old)), new)
    return Sides(turn.message, left, right)


@lru_cache(maxsize=1)
def _template() -> "Template":
    return webpage.template(webpage.source(TEMPLATE), {"whole": webpage.whole})


@lru_cache(maxsize=1)
def _policy() -> str:
    return webpage.policy(webpage.source(TEMPLATE))
