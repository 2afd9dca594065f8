"""What the trials of one case come to."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mooring.evaluate.values import Evidence, Results, Score, Trial
from mooring.spec.assertions import KINDS

CaseKey = tuple[str, str]
"""(suite, case id)."""

POLICIES = frozenset(name for name, kind in KINDS.items() if kind.critical)
"""Assertions with zero tolerance, in every case."""


@dataclass(frozen=True)
class Tally:
    """One case on one side. Repeats are their numbers; means are of trials that were judged, None where unknown.

    `violations` are the types of policy assertions that failed in any trial, judged as a whole or not.
    """

    passed: tuple[int, ...]
    failed: tuple[int, ...]
    errors: int
    violations: tuple[str, ...] = ()
    cost_usd: float | None = None
    latency_seconds: float | None = None

    @property
    def judged(self) -> int:
        return len(self.passed) + len(self.failed)

    @property
    def rate(self) -> Fraction:
        """Share of judged trials that passed; only where there is one."""
        return Fraction(len(self.passed), self.judged)

    @property
    def flaky(self) -> bool:
        return bool(self.passed and self.failed)

    def data(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "passed": len(self.passed),
            "failed": len(self.failed),
            "errors": self.errors,
            "violations": list(self.violations),
            "costUsd": self.cost_usd,
            "latencySeconds": self.latency_seconds,
        }


def tally(trials: Iterable[Trial], evidence: Evidence) -> Tally:
    """Sums up the trials of one case; their order does not matter. Latency is that of live trials only."""
    all_ = list(trials)
    judged = [trial for trial in all_ if trial.passed is not None]
    broken = {score.type for trial in all_ for score in trial.scores if _violated(score)}
    return Tally(
        passed=tuple(sorted(trial.repeat for trial in judged if trial.passed)),
        failed=tuple(sorted(trial.repeat for trial in judged if not trial.passed)),
        errors=len(all_) - len(judged),
        violations=tuple(sorted(broken)),
        cost_usd=_mean([_cost(trial) for trial in judged]),
        latency_seconds=_mean([_latency(trial) for trial in judged]) if evidence == "live" else None,
    )


def tallies(results: Results) -> dict[CaseKey, Tally]:
    """Every case of a side, in the order of their names."""
    found: dict[CaseKey, list[Trial]] = {}
    for trial in results.trials:
        found.setdefault((trial.suite, trial.case), []).append(trial)
    return {key: tally(found[key], results.evidence) for key in sorted(found)}


def _violated(score: Score) -> bool:
    return score.type in POLICIES and not score.passed and not score.error


def _cost(trial: Trial) -> float | None:
    return math.fsum(reply.cost_usd for reply in trial.replies)


def _latency(trial: Trial) -> float | None:
    known = [reply.latency_seconds for reply in trial.replies if reply.latency_seconds is not None]
    return math.fsum(known) if known and len(known) == len(trial.replies) else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
