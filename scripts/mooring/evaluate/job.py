"""What the process that runs a suite and its workers tell each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mooring import spec
from mooring.evaluate.recordings import Exchange
from mooring.evaluate.values import Evidence, Trial
from mooring.spec.suite import Case, EvalSuite

CaseKey = tuple[str, str]
"""(suite, case id)."""


@dataclass(frozen=True)
class Seat:
    """The judge of one suite. `may_block`: it agreed with people often enough to decide anything."""

    model: spec.Model
    timeout_seconds: float
    may_block: bool


@dataclass(frozen=True)
class Job:
    """Everything a worker needs to know before the first question.

    `release` is canonical bytes; its endpoints and services are already those of the evidence asked for.
    `rung` is the only one that answers, if any. `recordings` is the folder to replay from. `seats` are judges by suite.
    """

    release: bytes
    evidence: Evidence
    record: bool
    rung: str | None
    suites: Mapping[str, EvalSuite]
    cases: Mapping[CaseKey, Case]
    state: Path
    recordings: Path
    simulator_url: str | None
    seats: Mapping[str, Seat]
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Ask:
    """One case to be asked once."""

    suite: str
    case: str
    repeat: int

    @property
    def key(self) -> CaseKey:
        return self.suite, self.case


@dataclass(frozen=True)
class Done:
    """What came of an Ask. `prompt` is the rendered prompt, with the first repeat only."""

    ask: Ask
    trial: Trial
    prompt: str | None = None
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Ready:
    """A worker can be asked."""


@dataclass(frozen=True)
class Unready:
    """The worker cannot serve the release."""

    reasons: tuple[str, ...]
