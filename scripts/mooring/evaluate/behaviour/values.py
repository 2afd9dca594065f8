"""A behavioural plan as plain values, with a JSON form that may come from somebody who is not trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mooring.errors import Refused
from mooring.evaluate.gate.comparison import State
from mooring.evaluate.gate.tally import Tally
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.values import Evidence, Reply
from mooring.outcome import Reason

Level = Literal["patch", "minor", "major"]
LEVELS: tuple[Level, ...] = ("patch", "minor", "major")


@dataclass(frozen=True)
class Turn:
    """One message of the user, and what was answered before and now; None where it was not asked."""

    message: str
    old: Reply | None
    new: Reply | None

    @property
    def differs(self) -> bool:
        """Whether something else is said or done; cost and time are no behaviour."""
        return self.old is not None and self.new is not None and _behaviour(self.old) != _behaviour(self.new)


def _behaviour(reply: Reply) -> tuple[Any, ...]:
    return reply.text, reply.calls, reply.awaiting_approval, reply.error


@dataclass(frozen=True)
class CaseReport:
    """One case: `turns` are of the most telling trial, with the failed scores of both sides as `before` and `now`.

    `blocking` cases are named by a reason of the verdict to fail. `prompt` counts in the plan's `prompts`.
    `quarantine` says until when and by whom, "" when there is none. `scripted` cases say themselves what the simulated
    model answered.
    """

    suite: str
    case: str
    agent: str
    state: State
    critical: bool
    blocking: bool
    quarantine: str
    tags: tuple[str, ...]
    base: Tally | None
    head: Tally
    repeat: int
    turns: tuple[Turn, ...]
    before: tuple[str, ...]
    now: tuple[str, ...]
    prompt: int | None
    scripted: bool = False

    @property
    def name(self) -> str:
        return f"{self.suite}/{self.case}"

    @property
    def failing(self) -> bool:
        """Whether it fails or was not judged, at least once."""
        return bool(self.head.failed or self.head.errors)

    @property
    def differs(self) -> bool:
        return any(turn.differs for turn in self.turns)


@dataclass(frozen=True)
class PromptDiff:
    """How rendered prompts differ: lines of a unified diff without its head, and the cases for which they do."""

    lines: tuple[str, ...]
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """What a change of a prompt or tool is in terms of semver, beside what its version says it is.

    `declared` is None where the version did not rise; `inherited` when that is so because a shared part changed, whose
    version rose instead. `texts` are the reasons for `level`.
    """

    document: str
    level: Level
    declared: Level | None
    versions: tuple[str | None, str | None]
    owner: str
    texts: tuple[str, ...]
    inherited: bool = False

    @property
    def understated(self) -> bool:
        """Whether the version promises less of a change than there is."""
        if self.declared is None:
            return not self.inherited
        return LEVELS.index(self.declared) < LEVELS.index(self.level)


@dataclass(frozen=True)
class Weakening:
    """One way in which a suite asks less than before. `case` is "" for the whole suite.

    `together` with a change of what the suite judges: then a second person must approve.
    """

    suite: str
    case: str
    code: str
    text: str
    owner: str
    together: bool

    @property
    def place(self) -> str:
        return f"{self.suite}/{self.case}" if self.case else self.suite


@dataclass(frozen=True)
class Approval:
    """A second approval that is needed. `by` is the override that gives it, "" when none does.

    `digest` is what an override is bound to, `owners` may commit one, `ignored` says why others do not count.
    """

    digest: str
    owners: tuple[str, ...]
    by: str = ""
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """One number for every judged trial, for their distribution. Latencies are those that were measured."""

    scores: tuple[float, ...]
    costs_usd: tuple[float, ...]
    latencies_seconds: tuple[float, ...]


@dataclass(frozen=True)
class Behaviour:
    """The whole plan; `cases` begin with those that block. `base` is the digest compared with, None without one.

    `evidence` is what was asked for, and `stood_in` says in how many trials the simulator answered instead.
    """

    __pydantic_config__ = ConfigDict(allow_inf_nan=False)

    environment: str
    evidence: Evidence
    seed: int
    started: str
    complete: bool
    base: str | None
    head: str
    verdict: Verdict
    cases: tuple[CaseReport, ...]
    prompts: tuple[PromptDiff, ...]
    contracts: tuple[Contract, ...]
    weakened: tuple[Weakening, ...]
    old: Sample
    new: Sample
    approval: Approval | None = None
    stood_in: int = 0
    unruled: int = 0  # simulated answers of the head that came from no rule

    @property
    def weakest(self) -> Evidence:
        """What it is evidence of: the weakest class that answered."""
        return "simulated" if self.stood_in else self.evidence

    @property
    def unapproved(self) -> bool:
        """Whether a second approval is needed that nobody gave."""
        return self.approval is not None and not self.approval.by

    @property
    def outcome(self) -> str:
        """The verdict's outcome; `not approved` for a pass that somebody still has to approve."""
        return "not approved" if self.unapproved and self.verdict.outcome == "pass" else self.verdict.outcome

    def data(self) -> dict[str, Any]:
        """JSON values; `parse` is its inverse."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return data


@cache
def _adapter() -> TypeAdapter[Behaviour]:
    return TypeAdapter(Behaviour)


def parse(data: Mapping[str, Any] | str | bytes) -> Behaviour:
    """Reads `Behaviour.data()`, or its JSON text, whoever wrote it. Refused(TAMPERED) when it is something else."""
    try:
        if isinstance(data, str | bytes):
            return _adapter().validate_json(data)
        return _adapter().validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Refused(Reason.TAMPERED, f"this is no behavioural plan: {place}: {first['msg']}") from None
