"""Suites and results written by hand; what a case did is a text: `1` passed, `0` failed, `x` an error."""

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.evaluate.cases import suite_digest
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.values import Evidence, Reply, Results, Score, Trial
from mooring.spec.suite import EvalSuite

STARTED = "2026-05-01T10:00:00+00:00"
PASSED = {"1": True, "0": False, "x": None}


def suite(name: str = "refunds", cases: Sequence[str | dict[str, Any]] = ("a",), **more: Any) -> EvalSuite:
    """Cases by id, or as they are written."""
    return EvalSuite.model_validate(
        {
            "apiVersion": "mooring/v1",
            "kind": "EvalSuite",
            "name": name,
            "version": "1.0.0",
            "description": "Of the tests.",
            "owner": "@tidewater/support",
            "agent": "support",
            "tests": [{"id": case} if isinstance(case, str) else case for case in cases],
            **more,
        }
    )


def named(number: int) -> list[str]:
    return [f"case-{n:03}" for n in range(number)]


def asked(
    suites: EvalSuite | Sequence[EvalSuite],
    did: Mapping[str, str],
    evidence: Evidence = "live",
    *,
    cost: float = 0.01,
    latency: float | None = 1.0,
    violated: Mapping[str, str] | None = None,
    **more: Any,
) -> Results:
    """Results of suites whose cases did this; `violated` names a policy by case."""
    all_ = [suites] if isinstance(suites, EvalSuite) else list(suites)
    trials = tuple(
        Trial(
            suite=one.name,
            case=case.id,
            repeat=repeat,
            evidence=evidence,
            replies=(Reply("", cost_usd=cost, latency_seconds=latency),),
            scores=tuple(Score(policy, policy, False, 0.0) for policy in _violated(violated, case.id)),
            passed=PASSED[mark],
            seconds=0.0,
        )
        for one in all_
        for case in one.tests
        for repeat, mark in enumerate(did.get(case.id, ""))
    )
    given: dict[str, Any] = {
        "release": "sha256:0",
        "environment": "staging",
        "seed": 7,
        "started": STARTED,
        "complete": True,
    }
    return Results(
        evidence=evidence, trials=trials, suites={one.name: suite_digest(one) for one in all_}, **given | more
    )


def _violated(violated: Mapping[str, str] | None, case: str) -> list[str]:
    return [violated[case]] if violated and case in violated else []


def by_name(*suites: EvalSuite) -> dict[str, EvalSuite]:
    return {one.name: one for one in suites}


class Rerun:
    """Answers a re-run with what was written down, and remembers what it was asked."""

    def __init__(self, base: Results, head: Results) -> None:
        self.both = base, head
        self.asked: list[CaseKey] | None = None

    def __call__(self, cases: Sequence[CaseKey]) -> tuple[Results, Results]:
        self.asked = list(cases)
        return self.both
