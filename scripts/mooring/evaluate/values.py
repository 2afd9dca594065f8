"""What a run of suites leaves behind. Plain values: everything else in evaluation makes them or reads them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from mooring.simulated import NO_RULE

Evidence = Literal["live", "recorded", "simulated"]
EVIDENCE: tuple[Evidence, ...] = ("live", "recorded", "simulated")


@dataclass(frozen=True)
class Cost:
    """US dollars: what agents' models take for answers, and what judges take for judging them."""

    answers: float = 0.0
    judges: float = 0.0

    @property
    def total(self) -> float:
        return self.answers + self.judges

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.answers + other.answers, self.judges + other.judges)

    def __mul__(self, times: float) -> "Cost":
        return Cost(self.answers * times, self.judges * times)


@dataclass(frozen=True)
class Call:
    """One tool call of an answer, in order."""

    name: str
    arguments: dict[str, Any]
    result: Any = None
    error: str | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class Reply:
    """The answer to one message of the user."""

    text: str
    calls: tuple[Call, ...] = ()
    rung: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    latency_seconds: float | None = None  # None: not measured, because it was replayed
    awaiting_approval: tuple[str, ...] = ()  # names of the tools
    error: str | None = None
    simulated: bool = False  # the simulator answered one of the model calls at least
    models: tuple[str, ...] = ()  # what the providers called the models that answered, with their fingerprints

    @property
    def unruled(self) -> bool:
        """Whether it is a simulated model's answer that came from no rule: it says nothing of the agent."""
        return any(model.endswith(f" {NO_RULE}") for model in self.models)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        lists = {name: tuple(data.get(name, ())) for name in ("awaiting_approval", "models")}
        return cls(**{**data, **lists, "calls": tuple(Call.from_data(call) for call in data["calls"])})


@dataclass(frozen=True)
class Score:
    """What one assertion made of the replies."""

    type: str
    metric: str
    passed: bool
    score: float  # 0..1
    weight: float = 1.0
    reason: str = ""
    turn: int | None = None  # None: about the whole conversation
    error: bool = False  # could not be judged (a dead judge): never the same as a score of zero
    blocking: bool = True  # False: it is shown and decides nothing (a judge that is not calibrated, latency on replay)
    critical: bool = False  # zero tolerance: it fails the case whatever the case's threshold is
    cost_usd: float = 0.0  # of asking the judge, also when it came to nothing

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class Trial:
    """One case, asked once."""

    suite: str
    case: str
    repeat: int
    evidence: Evidence
    replies: tuple[Reply, ...]  # one per turn, fewer when it stopped early
    scores: tuple[Score, ...]
    passed: bool | None  # None: an error, it was not judged
    seconds: float

    @property
    def cost(self) -> Cost:
        """By the prices of the models' documents, whether they were really asked or not."""
        answers = sum(reply.cost_usd for reply in self.replies)
        return Cost(answers, sum(score.cost_usd for score in self.scores))

    @property
    def paid(self) -> Cost:
        """What it cost if models were really asked, else nothing."""
        return self.cost if self.evidence == "live" else Cost()

    def data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        replies = tuple(Reply.from_data(reply) for reply in data["replies"])
        return cls(**{**data, "replies": replies, "scores": tuple(Score.from_data(score) for score in data["scores"])})


@dataclass(frozen=True)
class Results:
    """All trials of one release, asked with one seed and one class of evidence."""

    release: str  # its digest
    environment: str
    evidence: Evidence  # what was asked for; `weakest` is what came of it
    seed: int
    started: str  # ISO 8601, UTC
    complete: bool  # False: interrupted, out of budget or out of time; never a baseline
    trials: tuple[Trial, ...]
    suites: dict[str, str]  # suite -> digest of its content
    prompts: dict[str, str] = field(default_factory=dict)  # "suite/case" -> the prompt as rendered

    @property
    def stood_in(self) -> int:
        """Trials of live evidence in which the simulator answered for a provider that the environment simulates."""
        played = (trial for trial in self.trials if any(reply.simulated for reply in trial.replies))
        return sum(1 for _ in played) if self.evidence == "live" else 0

    @property
    def weakest(self) -> Evidence:
        """The weakest class that answered, which is what the results are evidence of."""
        return "simulated" if self.stood_in else self.evidence

    @property
    def unruled(self) -> int:
        """Answers of the simulated model that came from no rule: they say nothing of the agent."""
        return sum(reply.unruled for trial in self.trials for reply in trial.replies)

    def data(self) -> dict[str, Any]:
        """JSON values; `from_data` is its inverse."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "trials": tuple(Trial.from_data(trial) for trial in data["trials"])})
