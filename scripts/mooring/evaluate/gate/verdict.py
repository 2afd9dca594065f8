"""What the gate says, and why: a closed list of codes, each with one outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from mooring.evaluate.gate.tally import CaseKey

Outcome = Literal["pass", "fail", "inconclusive"]


class Code(StrEnum):
    """Why the outcome is what it is."""

    # pass
    NOT_WORSE = "not-worse"
    NO_BASE = "no-base"  # only what holds without a base was looked at
    # fail
    EMPTY = "empty"
    CRITICAL = "critical"
    POLICY = "policy"
    BROKE = "broke"  # deterministic evidence: passed, and fails now
    NEVER_PASSED = "never-passed"  # nothing to compare with
    CONFIRMED = "confirmed"  # live evidence: one case, worse again when asked again
    WORSE = "worse"  # live evidence: many cases together
    COST = "cost"
    LATENCY = "latency"
    # inconclusive
    INCOMPLETE = "incomplete"
    ERRORS = "errors"
    NOT_COMPARABLE = "not-comparable"
    UNCONFIRMED = "unconfirmed"  # suspect cases that nobody asked again
    UNRESOLVED = "unresolved"  # beyond a margin, and may be chance
    FEW_REPEATS = "few-repeats"  # a new case without a pass, asked too seldom to say that it fails


PASSES = frozenset({Code.NOT_WORSE, Code.NO_BASE})
FAILS = frozenset(
    {
        Code.EMPTY,
        Code.CRITICAL,
        Code.POLICY,
        Code.BROKE,
        Code.NEVER_PASSED,
        Code.CONFIRMED,
        Code.WORSE,
        Code.COST,
        Code.LATENCY,
    }
)
OUTCOMES: Mapping[Code, Outcome] = MappingProxyType(
    {code: "pass" if code in PASSES else "fail" if code in FAILS else "inconclusive" for code in Code}
)


@dataclass(frozen=True)
class Reason:
    """One reason, as a sentence; `cases` are those it is about, `remedy` is what would resolve an inconclusive one."""

    code: Code
    text: str
    cases: tuple[CaseKey, ...] = ()
    remedy: str = ""

    @property
    def outcome(self) -> Outcome:
        return OUTCOMES[self.code]

    def data(self) -> dict[str, Any]:
        """JSON values."""
        cases = [f"{suite}/{case}" for suite, case in self.cases]
        return {"code": self.code, "outcome": self.outcome, "text": self.text, "cases": cases, "remedy": self.remedy}


@dataclass(frozen=True)
class Measured:
    """A change of one quantity over many cases, relative to the base where it is cost or latency.

    `change` is how much worse; `low` and `high` bound it with 95 % confidence, None for deterministic evidence, which
    has no chance in it, and then so is `p`. `again` tells figures of a re-run from those of the first run.
    """

    quantity: Literal["pass rate", "cost", "latency"]
    scope: str
    broad: bool  # all cases of an agent, not of one of its suites
    cases: int
    base: float
    head: float
    change: float
    margin: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    remedy: str = ""
    again: bool = False

    @property
    def beyond(self) -> bool:
        """Worse than the margin allows, by chance or not."""
        return self.change > self.margin + 1e-9

    def data(self) -> dict[str, Any]:
        """JSON values."""
        return vars(self) | {"beyond": self.beyond}


@dataclass(frozen=True)
class Confirmation:
    """A suspect case, asked again on both sides; `p` is of these new answers only, adjusted for their number."""

    case: CaseKey
    base_passed: int
    base_judged: int
    head_passed: int
    head_judged: int
    p: float | None  # None: not judged

    def data(self) -> dict[str, Any]:
        """JSON values."""
        return vars(self) | {"case": "/".join(self.case)}


@dataclass(frozen=True)
class Verdict:
    """`lines` are for a person; the first one is the verdict in a sentence, the last ones say what was not excluded."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    lines: tuple[str, ...]
    measured: tuple[Measured, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

    def data(self) -> dict[str, Any]:
        """JSON values, equal for equal results whatever the order of their trials."""
        return {
            "outcome": self.outcome,
            "reasons": [reason.data() for reason in self.reasons],
            "lines": list(self.lines),
            "measured": [one.data() for one in self.measured],
            "confirmations": [one.data() for one in self.confirmations],
        }


def outcome_of(reasons: tuple[Reason, ...]) -> Outcome:
    """The worst of the reasons; none is not success."""
    found = {reason.outcome for reason in reasons}
    if "fail" in found or not found:
        return "fail"
    return "inconclusive" if "inconclusive" in found else "pass"
