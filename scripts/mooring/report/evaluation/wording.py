"""Wording of cases, answers and numbers, the same in every format."""

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from mooring.change.wording import clip, count
from mooring.evaluate.behaviour.values import Approval, Behaviour, CaseReport, Contract
from mooring.evaluate.gate.tally import Tally
from mooring.evaluate.values import Call, Cost, Evidence, Reply
from mooring.report.webpage import whole

Unit = Callable[[float], str]

LONGEST_VALUE = 400
"""Characters of a call's arguments or result."""

EVIDENCE: Mapping[Evidence, str] = MappingProxyType(
    {
        "live": "the models themselves were asked",
        "recorded": "models were asked earlier and their answers replayed",
        "simulated": "a script stood in for the models",
    }
)
"""What each class of evidence proves."""


def said(reply: Reply | None, longest: int = LONGEST_VALUE) -> Iterator[str]:
    """Lines of one answer: what was called, what was said, what it waits for, what went wrong.

    `longest` is in characters, of a call's arguments and of its result.
    """
    if reply is None:
        yield "(not asked)"
        return
    yield from (call(one, longest) for one in reply.calls)
    if reply.text:
        yield from whole(reply.text).split("\n")
    if reply.awaiting_approval:
        yield f"(waits for approval: {clip(', '.join(reply.awaiting_approval), 200)})"
    if reply.error:
        yield f"(error: {clip(reply.error, LONGEST_VALUE)})"
    if not (reply.text or reply.awaiting_approval or reply.error):
        yield "(said nothing)"


def call(one: Call, longest: int = LONGEST_VALUE) -> str:
    """`find_order {"orderId": "T-1001"} → {"status": "delivered"}`"""
    came = f"✗ {clip(one.error, longest)}" if one.error else f"→ {_value(one.result, longest)}"
    return f"{clip(one.name, 80)} {_value(one.arguments, longest)} {came}"


def _value(value: object, longest: int) -> str:
    return clip(json.dumps(value, ensure_ascii=False), longest)


def standing(case: CaseReport) -> str:
    """`critical, worse: passed 0 of 1, before 1 of 1`"""
    marks = [word for word, on in (("critical", case.critical), ("in quarantine", bool(case.quarantine))) if on]
    before = f", before {rate(case.base)}" if case.base else ""
    return f"{', '.join([*marks, case.state])}: {'passed ' if case.head.judged else ''}{rate(case.head)}{before}"


def mark(case: CaseReport) -> str:
    """`✗` where it failed, `?` where it was not always judged, else `✓`."""
    return "✗" if case.head.failed else "?" if case.head.errors else "✓"


def rate(tally: Tally) -> str:
    judged = f"{len(tally.passed)} of {tally.judged}" if tally.judged else ""
    return ", ".join(filter(None, (judged, count(tally.errors, "error") if tally.errors else "")))


def moved(case: CaseReport) -> str:
    """Cost and latency now; "" when unchanged or unknown."""
    if case.base is None:
        return ""
    cost = _moved(case.base.cost_usd, case.head.cost_usd, dollars)
    latency = _moved(case.base.latency_seconds, case.head.latency_seconds, seconds)
    return ", ".join(f"{name} {text}" for name, text in (("cost", cost), ("latency", latency)) if text)


def _moved(old: float | None, new: float | None, unit: Unit) -> str:
    if old is None or new is None or abs(new - old) <= 0.005 * abs(old):
        return ""
    share = f" ({(new - old) / old:+.0%})" if old else ""
    return f"{unit(old)} → {unit(new)}{share}"


def dollars(number: float) -> str:
    return f"${number:.2f}" if number >= 1 else f"${number:.2g}" if number else "$0"


def costs(cost: Cost) -> str:
    """`$0.31, $0.12 of it for judges`"""
    return dollars(cost.total) + (f", {dollars(cost.judges)} of it for judges" if cost.judges else "")


def seconds(number: float) -> str:
    return f"{number * 1000:.0f} ms" if number < 1 else f"{number:.1f} s"


def total(behaviour: Behaviour) -> str:
    """Cost and latency of all that was compared, in a line; "" where neither is known."""
    old, new = behaviour.old, behaviour.new
    cost = _both(old.costs_usd, new.costs_usd, statistics.fmean, dollars) if any(old.costs_usd + new.costs_usd) else ""
    latency = _both(old.latencies_seconds, new.latencies_seconds, statistics.median, seconds)
    parts = [f"mean cost of a trial {cost}" if cost else "", f"median latency {latency}" if latency else ""]
    return ", ".join(filter(None, parts))


def _both(old: Sequence[float], new: Sequence[float], of: Callable[[Sequence[float]], float], unit: Unit) -> str:
    if not new:
        return ""
    return (_moved(of(old), of(new), unit) if old else "") or unit(of(new))


def counts(behaviour: Behaviour) -> str:
    """`12 cases: 2 block, 3 fail, 4 answer differently, 5 are the same`"""
    cases = behaviour.cases
    blocking = sum(case.blocking for case in cases)
    failing = sum(bool(case.head.failed) and not case.blocking for case in cases)
    errors = sum(case.failing and not case.head.failed and not case.blocking for case in cases)
    other = sum(case.differs and not case.failing for case in cases)
    rest = len(cases) - blocking - failing - errors - other
    parts = [
        f"{number} {one if number == 1 else many}"
        for number, one, many in (
            (blocking, "blocks", "block"),
            (failing, "fails without blocking", "fail without blocking"),
            (errors, "has errors", "have errors"),
            (other, "passes and answers differently", "pass and answer differently"),
            (rest, "passes as before" if behaviour.base else "passes", "pass as before" if behaviour.base else "pass"),
        )
        if number
    ]
    return f"{count(len(cases), 'case')}: {', '.join(parts) or 'nothing was asked'}"


def proof(behaviour: Behaviour) -> str:
    """What the evidence proves, and what it does not where cases say themselves what is answered."""
    stood_in = (
        f"a script stood in for some of them in {count(behaviour.stood_in, 'trial')}" if behaviour.stood_in else ""
    )
    said = (EVIDENCE[behaviour.evidence], stood_in, scripted(behaviour), unruled(behaviour.unruled))
    return "; ".join(filter(None, said))


def unruled(number: int) -> str:
    """How many answers came from no rule of the simulator; "" when none did."""
    return f"{count(number, 'answer')} came from no rule, and say nothing of the agent" if number else ""


def scripted(behaviour: Behaviour) -> str:
    """How many cases were answered by what stands in them; "" when none was."""
    number = sum(case.scripted for case in behaviour.cases)
    says = "says itself" if number == 1 else "say themselves"
    proved = "that proves tools and assertions, and not the prompt"
    return f"{count(number, 'case')} {says} what is answered: {proved}" if number else ""


def resolution(behaviour: Behaviour) -> tuple[str, ...]:
    """What the numbers cannot exclude; "" for deterministic evidence."""
    if behaviour.evidence != "live":
        return ("no statistics: the same question has the same answer each time, so any case that broke blocks",)
    return tuple(line for line in behaviour.verdict.lines if "clean case" in line or line.startswith("cases to add"))


def contract(one: Contract) -> str:
    """`major: tool crm/find-contact 1.0.0 → 1.0.1, which says patch`"""
    old, new = one.versions
    versions = f"{old} → {new}" if old and new and old != new else f"{new or old}"
    says = f", which says {one.declared}" if one.declared else ", whose version did not rise"
    through = ", through a shared part" if one.inherited else ""
    return f"{one.level}: {one.document} {versions}{says * one.understated}{through}"


def approval(one: Approval) -> str:
    """Whether the second approval is there, and who may give it."""
    if one.by:
        return f"This change makes its own test easier; override {one.by} is the second approval"
    whom = " or ".join(one.owners) or "nobody who could give it: no guards name owners"
    return f"This change makes its own test easier: it needs a second approval, by an override of {whom}"
