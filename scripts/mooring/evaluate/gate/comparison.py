"""Old and new, case by case: what the verdict is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from mooring.evaluate.gate.tally import CaseKey, Tally
from mooring.evaluate.values import Results
from mooring.spec.suite import EvalSuite, Quarantine

State = Literal["same", "worse", "better", "failing", "new", "changed", "not-judged"]
"""`failing` is on both sides; `changed` is a case whose question or assertions are not the base's."""


@dataclass(frozen=True)
class Options:
    """How strict the gate is.

    `alpha` is the share of changes without an effect that a test may take for worse, before the margin is looked at.
    `error_budget` is the share of a side's trials that need not have been judged, in live evidence; else it is none.
    `suspect_drop` is the fall of one case's pass rate that is asked about again.
    `base_suites` are the base's own documents, where known.
    """

    alpha: float = 0.05
    error_budget: float = 0.05
    suspect_drop: float = 0.4
    resamples: int = 2000
    base_suites: Mapping[str, EvalSuite] | None = None


@dataclass(frozen=True)
class Pair:
    """One case. `base` is None where there is nothing to compare it with; then `changed` tells whether there was.

    `group` names what it shares its fate with; a case of no group is its own. `quarantine` is set while in force.
    """

    suite: str
    case: str
    agent: str
    group: str
    critical: bool
    quarantine: Quarantine | None
    expired: bool
    changed: bool
    base: Tally | None
    head: Tally

    @property
    def key(self) -> CaseKey:
        return self.suite, self.case

    @property
    def name(self) -> str:
        return f"{self.suite}/{self.case}"

    @property
    def compared(self) -> bool:
        """Whether both sides were judged."""
        return self.base is not None and self.base.judged > 0 and self.head.judged > 0

    @property
    def drop(self) -> Fraction:
        """How much the pass rate fell, 0 where there is nothing to compare."""
        return self.base.rate - self.head.rate if self.compared and self.base else Fraction(0)

    @property
    def broke(self) -> bool:
        """Passed and fails now: in a repeat that both have, or after passing in all of them."""
        if not self.compared or self.base is None:
            return False
        return bool(set(self.base.passed) & set(self.head.failed)) or (not self.base.failed and bool(self.head.failed))

    @property
    def state(self) -> State:
        if not self.head.judged or (self.base is not None and not self.base.judged):
            return "not-judged"
        if self.base is None:
            return "changed" if self.changed else "new"
        if self.drop:
            return "worse" if self.drop > 0 else "better"
        return "same" if self.head.passed else "failing"

    def data(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "suite": self.suite,
            "case": self.case,
            "state": self.state,
            "critical": self.critical,
            "quarantined": self.quarantine is not None,
            "base": self.base and self.base.data(),
            "head": self.head.data(),
        }


@dataclass(frozen=True)
class Comparison:
    """Every case that the head was asked, beside the base. `obstacles` say why suites cannot be compared.

    `unasked` are suites of which the head has no trial, `alone` those that the base does not have, `removed` cases that
    only the base has.
    """

    base: Results | None
    head: Results
    suites: Mapping[str, EvalSuite]
    options: Options
    pairs: tuple[Pair, ...]
    obstacles: tuple[str, ...]
    unasked: tuple[str, ...]
    alone: tuple[str, ...]
    removed: tuple[CaseKey, ...]

    @property
    def live(self) -> bool:
        return self.head.evidence == "live"

    @property
    def counting(self) -> tuple[Pair, ...]:
        """Without those in quarantine."""
        return tuple(pair for pair in self.pairs if pair.quarantine is None)

    def data(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "evidence": self.head.evidence,
            "environment": self.head.environment,
            "seed": self.head.seed,
            "base": self.base and self.base.release,
            "head": self.head.release,
            "cases": [pair.data() for pair in self.pairs],
            "obstacles": list(self.obstacles),
            "alone": list(self.alone),
            "removed": [f"{suite}/{case}" for suite, case in self.removed],
        }
