"""What a person reads of a verdict, and what the numbers cannot exclude."""

from collections.abc import Container, Iterator, Sequence

from mooring.change.wording import count, quote
from mooring.evaluate.gate.absolute import names
from mooring.evaluate.gate.comparison import Comparison, Pair
from mooring.evaluate.gate.inference import at_most, needed
from mooring.evaluate.gate.live import says
from mooring.evaluate.gate.measure import near
from mooring.evaluate.gate.verdict import Measured, Outcome, Reason


def lines(
    comparison: Comparison, outcome: Outcome, reasons: Sequence[Reason], measured: Sequence[Measured]
) -> Iterator[str]:
    """The verdict, its reasons, what was measured, what does not count, and the resolution."""
    yield _headline(comparison, outcome)
    bounds = {says(one): _bounds(one) for one in measured}
    for reason in reasons:
        yield f"{reason.text}{bounds.get(reason.text, '')}" + (f"; {reason.remedy}" if reason.remedy else "")
    yield from _measured(comparison, measured, {reason.text for reason in reasons})
    yield from _set_apart(comparison)
    yield from _resolution(comparison)


def _headline(comparison: Comparison, outcome: Outcome) -> str:
    asked = max((pair.head.judged + pair.head.errors for pair in comparison.pairs), default=0)
    times = f" x {count(asked, 'repeat')}" if asked > 1 else ""
    return f"{outcome}: {count(len(comparison.pairs), 'case')}{times}, {comparison.head.weakest} evidence"


def _measured(comparison: Comparison, measured: Sequence[Measured], told: Container[str]) -> Iterator[str]:
    for one in measured:
        if one.broad and says(one) not in told:
            yield says(one) + _bounds(one)
    if comparison.base is None:
        return
    known = {one.quantity for one in measured}
    if "latency" not in known:
        yield f"latency: not measured, {_why_no_latency(comparison)}"
    if "cost" not in known:
        yield "cost: not measured, the base has no price"


def _why_no_latency(comparison: Comparison) -> str:
    if not comparison.live:
        return f"the evidence is {comparison.head.evidence}"
    return "no answer has one on both sides" if near(comparison) else "the base was asked at another time"


def _bounds(one: Measured) -> str:
    if one.low is None or one.high is None:
        return ""
    unit = " points" if one.quantity == "pass rate" else "%"
    return f"; worse by {one.low * 100:.1f} to {one.high * 100:.1f}{unit} with 95% confidence"


def _set_apart(comparison: Comparison) -> Iterator[str]:
    """Cases that count differently, or not at all."""
    pairs = comparison.pairs
    if played := comparison.head.stood_in:
        share = f"{played} of {count(len(comparison.head.trials), 'trial')}"
        yield f"the simulator stood in for a provider in {share}: what was asked live is simulated evidence"
    if comparison.base is None:
        yield "no base: only what holds without one was looked at"
    for name in comparison.alone:
        yield f"{name}: the base has no such suite, only what holds without one was looked at"
    kinds = {
        "new": [pair for pair in pairs if pair.state == "new" and comparison.base],
        "asked in another form than before, and not compared": [pair for pair in pairs if pair.state == "changed"],
        "not judged": [pair for pair in pairs if pair.state == "not-judged"],
        "failing before and after": [pair for pair in pairs if pair.state == "failing"],
    }
    for what, found in kinds.items():
        if found:
            yield f"{what}: {names(found)}"
    if comparison.removed:
        yield f"removed: {', '.join(f'{suite}/{case}' for suite, case in comparison.removed)}"
    for pair in pairs:
        if pair.quarantine:
            until = f"until {pair.quarantine.expires} by {pair.quarantine.owner}"
            yield f"in quarantine {until}: {pair.name} {quote(pair.quarantine.reason)}"
        elif pair.expired:
            yield f"its quarantine has expired, it counts again: {pair.name}"


def _resolution(comparison: Comparison) -> Iterator[str]:
    """What as many clean cases exclude: cases of one group count once, for they stand or fall together."""
    if not comparison.live or not any(pair.compared for pair in comparison.counting):
        return
    clean = {pair.group for pair in comparison.counting if pair.compared and _clean(pair)}
    if not clean:
        yield "no case is clean: nothing is excluded about those that were not asked"
        return
    margin = min(comparison.suites[pair.suite].budget.pass_rate_drop for pair in comparison.counting)
    verb = "excludes" if len(clean) == 1 else "exclude"
    yield f"{count(len(clean), 'clean case')} only {verb} drops above {at_most(0, len(clean)) * 100:.1f} points"
    more = needed(margin) - len(clean)
    if more > 0 and margin > 0:
        yield f"cases to add: {more} more clean ones would exclude drops above {margin * 100:g} points"


def _clean(pair: Pair) -> bool:
    return pair.base is not None and not pair.base.failed and not pair.head.failed
