"""Evaluation suites: what an agent must say and do, case by case. Test and assertion names follow promptfoo."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from mooring.spec.document import Document, Name, Owner, Part, Rate, Seconds

CaseId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]

APPROVE = "approve"
"""The one of `vars` that is neither the message nor the prompt's: whether a person approves what tools wait for."""


class Assertion(Part):
    """One thing that must hold of an answer, such as `{type: contains, value: 30 days}`.

    `not-` in front of a deterministic type turns it round. What `value` is depends on the type.
    """

    type: str = Field(min_length=1)
    value: JsonValue = None
    threshold: float | None = None
    weight: float = Field(default=1, ge=0)
    metric: str | None = Field(default=None, description="The name under which scores are summed up; else `type`.")


class ModelCall(Part):
    """A call that the simulated model makes; the tool itself, or its simulated service, answers it."""

    tool: str = Field(min_length=1, description="By the name that models see.")
    args: dict[str, JsonValue] = Field(default_factory=dict)


Calls = Annotated[
    tuple[ModelCall, ...],
    # Behind the validator of `Answer` a list is Python's, of which strict reading makes no tuple.
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]


class ModelAnswer(Part):
    """What the simulated model does with a message: the calls one after the other, then the text.

    Without a text the simulator's rules answer once the calls are made.
    """

    calls: Calls = ()
    text: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.calls and self.text is None:
            raise ValueError("it must have `text` or `calls`")
        return self


Answer = Annotated[
    ModelAnswer | None,
    BeforeValidator(
        lambda value: {"text": value} if isinstance(value, str) else value,
        json_schema_input_type=str | ModelAnswer | None,
    ),
]
"""A text alone is an answer without calls."""

ANSWER = "What the model answers where endpoints are simulated: a text, or {calls, text}; real ones are asked as ever."


class Turn(Part):
    """One message of the user, and what must hold of the answer to it."""

    message: str = Field(min_length=1)
    answer: Answer = Field(default=None, description=ANSWER)
    assertions: tuple[Assertion, ...] = Field(default=(), alias="assert")


class Quarantine(Part):
    """A case that may fail for a while: it is run and shown, and does not block."""

    owner: Owner
    reason: str = Field(min_length=1)
    expires: date


class Case(Part):
    """One case: `vars.message`, or `turns` when the conversation has several messages.

    `assert` judges the last answer, and tool calls of the whole conversation.
    """

    id: CaseId
    description: str | None = None
    vars: dict[str, JsonValue] = Field(default_factory=dict)
    answer: Answer = Field(default=None, description=f"{ANSWER} With `turns`, each has its own.")
    turns: tuple[Turn, ...] = ()
    memories: tuple[Annotated[str, StringConstraints(min_length=1, max_length=8192)], ...] = Field(
        default=(), description="What the agent remembers of the user before the first message, the oldest first."
    )
    assertions: tuple[Assertion, ...] = Field(default=(), alias="assert")
    threshold: Rate = Field(default=1, description="The weighted mean of the scores that passes.")
    critical: bool = Field(default=False, description="Zero tolerance: a single failure blocks.")
    tags: tuple[Tag, ...] = ()
    group: str | None = Field(default=None, description="Cases of one group are not independent of each other.")
    quarantine: Quarantine | None = None


class Judge(Part):
    """The model that judges, and the answers labelled by people that it must agree with before it may block."""

    model: Name
    calibration: Name | None = Field(default=None, description="A file below evals/calibration, without `.yaml`.")
    minimum_kappa: float = Field(default=0.6, ge=-1, le=1)
    timeout_seconds: Seconds = Field(default=30, description="Of one question to the judge; it is never asked twice.")


class Budget(Part):
    """Non-inferiority margins: how much worse the change may be before it blocks."""

    pass_rate_drop: Rate = 0.05
    cost_increase: float = Field(default=0.25, ge=0, description="Relative, 0.25 is a quarter more.")
    latency_increase: float = Field(default=0.25, ge=0, description="Relative.")


class EvalSuite(Document):
    """The cases of one agent."""

    kind: Literal["EvalSuite"]
    agent: Name
    smoke: bool = Field(default=False, description="Asked of a new slot before the switch and after.")
    repeats: int = Field(default=5, ge=1, le=50, description="Of live evidence; deterministic evidence needs one.")
    timeout_seconds: Seconds = 60
    judge: Judge | None = None
    budget: Budget = Budget()
    default_test: dict[str, Any] = Field(
        default_factory=dict, description="Keys of a case that every test starts from; `assert` lists are joined."
    )
    tests: tuple[Case, ...] = Field(min_length=1)
