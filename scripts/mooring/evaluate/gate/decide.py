"""From a comparison to a verdict."""

from collections.abc import Iterator

from mooring.change.wording import count
from mooring.evaluate.gate.absolute import absolute, keys, names
from mooring.evaluate.gate.comparison import Comparison
from mooring.evaluate.gate.lines import lines
from mooring.evaluate.gate.live import Again, Rerun, worse
from mooring.evaluate.gate.measure import measure
from mooring.evaluate.gate.verdict import Code, Measured, Reason, Verdict, outcome_of


def decide(comparison: Comparison, rerun: Rerun | None = None) -> Verdict:
    """The verdict. `rerun` is called at most once, for live evidence, and not when it could change nothing."""
    measured = measure(comparison)
    reasons = [*absolute(comparison), *_compared(comparison, measured)]
    again = Again(comparison, measured) if comparison.live else None
    if again and again.cases and not any(reason.outcome == "fail" for reason in reasons):
        if rerun:
            again.ask(rerun)
        else:
            again.left_open()
        measured += again.measured
        reasons += again.reasons
    if not reasons:
        reasons = [_success(comparison)]
    found = tuple(sorted(reasons, key=lambda reason: ("fail", "inconclusive", "pass").index(reason.outcome)))
    outcome = outcome_of(found)
    told = tuple(lines(comparison, outcome, found, measured))
    return Verdict(outcome, found, told, measured, again.confirmations if again else ())


def _compared(comparison: Comparison, measured: tuple[Measured, ...]) -> Iterator[Reason]:
    """What is worse than the base. Deterministic evidence needs no statistics: a case that broke, broke."""
    if comparison.live:
        yield from worse(measured, comparison.options.alpha)
        return
    broke = [pair for pair in comparison.counting if pair.broke]
    if broke:
        yield Reason(Code.BROKE, f"{count(len(broke), 'case')} passed before: {names(broke)}", keys(broke))
    yield from worse((one for one in measured if one.quantity != "pass rate"), comparison.options.alpha)


def _success(comparison: Comparison) -> Reason:
    compared = [pair for pair in comparison.counting if pair.compared]
    if not compared:
        return Reason(Code.NO_BASE, "nothing that holds without a base is broken")
    return Reason(Code.NOT_WORSE, f"{count(len(compared), 'case')} compared, none is worse beyond chance and margin")
