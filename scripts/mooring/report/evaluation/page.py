"""An evaluation as one HTML file that needs nothing else: no network, no server, and no script to be read."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.evaluate.behaviour.values import Behaviour, CaseReport, Turn
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
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["whole"] = wording.whole
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _policy() -> str:
    """A Content-Security-Policy by which nothing runs or loads but the template's own script and style.

    Source: https://www.w3.org/TR/CSP3/, section 6.7.3.3 (hashes of inline elements).
    """
    text = TEMPLATE.read_text(encoding="utf-8")
    own = {tag: re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("script", "style")}
    allowed = (f"{tag}-src {' '.join(map(_hash, found))}" for tag, found in own.items())
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
