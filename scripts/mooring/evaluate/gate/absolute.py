"""Rules that hold with a base and without one: nothing here is a matter of chance."""

from collections.abc import Iterable, Iterator

from mooring.change.wording import count
from mooring.evaluate.gate.comparison import Comparison, Pair
from mooring.evaluate.gate.inference import at_most, needed
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.gate.verdict import Code, Reason
from mooring.evaluate.values import Results

EVEN = 0.5
"""A live case without a pass fails when it certainly passes less often than this."""


def absolute(comparison: Comparison) -> Iterator[Reason]:
    """Everything that blocks or holds whatever the base says."""
    yield from empty(comparison)
    yield from zero_tolerance(comparison.pairs)
    yield from never_passed(comparison)
    yield from partial(comparison)
    yield from errors(comparison)
    if comparison.obstacles:
        remedy = "ask both sides the same questions in the same environment: moor eval --against REF"
        yield Reason(Code.NOT_COMPARABLE, "; ".join(comparison.obstacles), remedy=remedy)


def empty(comparison: Comparison) -> Iterator[Reason]:
    """An empty set is never success; of a run that stopped early it says nothing about the change either."""
    code = Code.EMPTY if comparison.head.complete else Code.INCOMPLETE
    if not comparison.pairs:
        yield Reason(code, "no case was asked")
    elif not comparison.counting:
        yield Reason(code, "every case that was asked is in quarantine: nothing was evaluated")
    elif comparison.unasked:
        yield Reason(code, f"no case was asked of {', '.join(comparison.unasked)}")


def zero_tolerance(pairs: Iterable[Pair]) -> Iterator[Reason]:
    """Critical cases and policies. A quarantine does not excuse them, and neither does a base that failed too."""
    all_ = list(pairs)
    failed = [pair for pair in all_ if pair.critical and pair.head.failed]
    if failed:
        yield Reason(Code.CRITICAL, f"{count(len(failed), 'critical case')} failed: {names(failed)}", keys(failed))
    for policy in sorted({policy for pair in all_ for policy in pair.head.violations}):
        broken = [pair for pair in all_ if policy in pair.head.violations]
        yield Reason(Code.POLICY, f"{policy} was violated in {names(broken)}", keys(broken))


def never_passed(comparison: Comparison) -> Iterator[Reason]:
    """Cases with nothing to compare them with: deterministic ones must pass, live ones now and then at least.

    Critical ones have failed already. A base that could be there, but cannot be compared or is partial, is another
    matter.
    """
    if comparison.obstacles or (comparison.base and not comparison.base.complete):
        return
    alone = [pair for pair in comparison.counting if pair.base is None and pair.head.failed and not pair.critical]
    if not comparison.live:
        if alone:
            yield Reason(Code.NEVER_PASSED, f"{names(alone)}: fails, and there is no base to compare with", keys(alone))
        return
    none = [pair for pair in alone if not pair.head.passed]
    sure = [pair for pair in none if at_most(0, pair.head.judged) < EVEN]
    if sure:
        text = f"{names(sure)}: never passed, and there is no base to compare with"
        yield Reason(Code.NEVER_PASSED, text, keys(sure))
    unsure = [pair for pair in none if pair not in sure]
    if unsure:
        text = f"{names(unsure)}: did not pass, and was asked too seldom to say that it fails"
        yield Reason(Code.FEW_REPEATS, text, keys(unsure), f"ask them {needed(EVEN)} times")


def partial(comparison: Comparison) -> Iterator[Reason]:
    """A run that stopped early: what was not asked would look like not failing."""
    sides = {"the base": comparison.base, "the change": comparison.head}
    halves = [name for name, side in sides.items() if side and not side.complete]
    if halves:
        yield Reason(
            Code.INCOMPLETE, f"the run of {' and of '.join(halves)} is partial", remedy="let it run to its end"
        )


def errors(comparison: Comparison) -> Iterator[Reason]:
    """Trials that nobody judged: a dead judge or endpoint says nothing about the agent."""
    budget = comparison.options.error_budget if comparison.live else 0.0
    sides = {"the base": comparison.base, "the change": comparison.head}
    for name, side in sides.items():
        bad, all_ = _unjudged(side) if side else (0, 0)
        if bad > budget * all_:
            text = f"{bad} of {count(all_, 'trial')} of {name} could not be judged, at most {budget:.0%} may"
            yield Reason(Code.ERRORS, text, remedy="look at their errors, and run again")
    deaf = [pair for pair in comparison.counting if pair.critical and not pair.head.judged]
    if deaf:
        text = f"{names(deaf)}: critical, and never judged"
        yield Reason(Code.ERRORS, text, keys(deaf), "look at their errors, and run again")


def _unjudged(side: Results) -> tuple[int, int]:
    return sum(trial.passed is None for trial in side.trials), len(side.trials)


def names(pairs: Iterable[Pair], most: int = 5) -> str:
    """The first few, by name."""
    all_ = [pair.name for pair in pairs]
    more = f" and {len(all_) - most} more" if len(all_) > most else ""
    return ", ".join(all_[:most]) + more


def keys(pairs: Iterable[Pair]) -> tuple[CaseKey, ...]:
    return tuple(pair.key for pair in pairs)
