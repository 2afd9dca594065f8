"""Live evidence: models answer differently each time, so what is worse must be worse beyond chance, twice.

One guard sees many cases getting a little worse, the other a single case that breaks: a suspect, which is asked again
on both sides and judged by these new answers alone. Neither guard sees what the other does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from mooring.change.wording import count
from mooring.evaluate.gate.absolute import errors, keys, names, partial, zero_tolerance
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Comparison, Pair
from mooring.evaluate.gate.inference import fisher, holm
from mooring.evaluate.gate.measure import measure, scopes
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.gate.verdict import Code, Confirmation, Measured, Reason
from mooring.evaluate.values import Results

Rerun = Callable[[Sequence[CaseKey]], tuple[Results, Results]]
"""Asks both sides some cases again, CONFIRM_REPEATS times: (base, head)."""

CONFIRM_REPEATS = 10

CODES = {"pass rate": Code.WORSE, "cost": Code.COST, "latency": Code.LATENCY}


def worse(measured: Iterable[Measured], alpha: float) -> Iterator[Reason]:
    """What got worse beyond both its margin and chance. Deterministic evidence knows no chance."""
    for one in measured:
        if one.beyond and (one.p or 0.0) <= alpha:
            yield Reason(CODES[one.quantity], says(one))


def says(one: Measured) -> str:
    """A measured change in a sentence, without its interval."""
    chance = "" if one.p is None else f", {chances(one.p)}"
    again = " when asked again" if one.again else ""
    what = f"{one.scope}: the {one.quantity} of {count(one.cases, 'case')}"
    if one.quantity == "pass rate":
        went = _went(one.change, "fell", "rose", f"{abs(one.change) * 100:.1f} points")
        return f"{what} {went}{again} ({1 - one.base:.1%} to {1 - one.head:.1%}; {one.margin * 100:g} allowed{chance})"
    went = _went(one.change, "rose", "fell", f"{abs(one.change):.1%}")
    return f"{what} {went}{again} ({one.margin:.0%} allowed{chance})"


def chances(p: float) -> str:
    """A p-value in words."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _went(change: float, worse: str, better: str, much: str) -> str:
    return f"{worse if change > 0 else better} by {much}" if change else "did not change"


def suspects(comparison: Comparison) -> list[Pair]:
    """Cases whose pass rate fell far."""
    least = comparison.options.suspect_drop - 1e-9
    return [pair for pair in comparison.counting if float(pair.drop) >= least]


def unresolved(measured: Iterable[Measured], alpha: float) -> list[Measured]:
    """What is beyond its margin over all cases of an agent, and may be chance."""
    return [one for one in measured if one.broad and one.beyond and (one.p or 0.0) > alpha]


class Again:
    """A second look at what the first one left open."""

    def __init__(self, comparison: Comparison, measured: Sequence[Measured]) -> None:
        self._comparison, self._alpha = comparison, comparison.options.alpha
        self._suspects = suspects(comparison)
        self._open = unresolved(measured, self._alpha)
        self.reasons: tuple[Reason, ...] = ()
        self.measured: tuple[Measured, ...] = ()
        self.confirmations: tuple[Confirmation, ...] = ()

    @property
    def cases(self) -> list[CaseKey]:
        """What to ask again: suspects, and every case of an agent with an unresolved change."""
        wide = {one.scope for one in self._open}
        among = {pair.key for scope in scopes(self._comparison.counting) if scope.name in wide for pair in scope.pairs}
        return sorted(among | {pair.key for pair in self._suspects})

    def left_open(self) -> None:
        """Nobody asks again."""
        self.reasons = tuple(self._left_open())

    def _left_open(self) -> Iterator[Reason]:
        if self._suspects:
            text = f"{count(len(self._suspects), 'case')} may have broken: {names(self._suspects)}"
            remedy = f"ask them again {CONFIRM_REPEATS} times on both sides"
            yield Reason(Code.UNCONFIRMED, text, keys(self._suspects), remedy)
        for one in self._open:
            yield Reason(Code.UNRESOLVED, says(one), remedy=one.remedy)

    def ask(self, rerun: Rerun) -> None:
        """Asks again and judges by the new answers alone: those that raised suspicion are not unbiased."""
        old, options = self._comparison, self._comparison.options
        base, head = rerun(self.cases)
        new = compare(base, head, old.suites, options)
        found = {pair.key: pair for pair in new.pairs}
        measured = [one for one in measure(new) if one.broad and self._same(one)]
        self.measured = tuple(replace(one, again=True) for one in measured)
        self.confirmations = tuple(self._confirmations(found))
        self.reasons = (
            *zero_tolerance(new.pairs),
            *partial(new),
            *errors(new),
            *self._of_suspects(),
            *worse(self.measured, self._alpha),
            *self._of_measured(),
        )

    def _same(self, one: Measured) -> bool:
        return any((one.quantity, one.scope) == (before.quantity, before.scope) for before in self._open)

    def _confirmations(self, found: dict[CaseKey, Pair]) -> Iterator[Confirmation]:
        judged = [pair for suspect in self._suspects if (pair := found.get(suspect.key)) and pair.compared]
        ps = dict(zip([pair.key for pair in judged], holm([_p(pair) for pair in judged]), strict=True))
        for suspect in self._suspects:
            pair = found.get(suspect.key)
            base, head = (pair.base, pair.head) if pair else (None, None)
            yield Confirmation(
                case=suspect.key,
                base_passed=len(base.passed) if base else 0,
                base_judged=base.judged if base else 0,
                head_passed=len(head.passed) if head else 0,
                head_judged=head.judged if head else 0,
                p=ps.get(suspect.key),
            )

    def _of_suspects(self) -> Iterator[Reason]:
        for one in self.confirmations:
            text = (
                f"{'/'.join(one.case)}: passed {one.base_passed} of {one.base_judged} on the base and "
                f"{one.head_passed} of {one.head_judged} with the change when asked again"
            )
            if one.p is None:
                remedy = "ask it again on both sides"
                yield Reason(Code.UNCONFIRMED, f"{text}: not judged", (one.case,), remedy)
            elif one.p <= self._alpha:
                yield Reason(Code.CONFIRMED, f"{text} ({chances(one.p)})", (one.case,))
            elif _drop(one) >= self._comparison.options.suspect_drop - 1e-9:
                remedy = f"ask it {4 * one.head_judged} times on both sides"
                yield Reason(Code.UNRESOLVED, f"{text} ({chances(one.p)})", (one.case,), remedy)

    def _of_measured(self) -> Iterator[Reason]:
        """What is open still, or was not measured again."""
        again = {(one.quantity, one.scope) for one in self.measured}
        for one in (*unresolved(self.measured, self._alpha), *self._open):
            if one.again or (one.quantity, one.scope) not in again:
                yield Reason(Code.UNRESOLVED, says(one), remedy=one.remedy)


def _p(pair: Pair) -> float:
    base, head = pair.base, pair.head
    return fisher(len(base.passed), len(base.failed), len(head.passed), len(head.failed)) if base else 1.0


def _drop(one: Confirmation) -> float:
    return one.base_passed / one.base_judged - one.head_passed / one.head_judged
