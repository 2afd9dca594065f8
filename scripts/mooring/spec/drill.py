"""Drill: what fails, when and how badly, while questions keep coming. All of it happens in virtual time."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mooring.spec.document import Document, Name, Part, Rate, Seconds

Mode = Literal[
    "down",
    "refused",
    "errors",
    "rate-limit",
    "latency",
    "hang",
    "auth",
    "empty",
    "malformed",
    "cut",
    "truncated",
    "unfinished",
    "wrong",
]
"""How an endpoint fails. `down` and `errors` answer `status`, `refused` takes no connection, `rate-limit` is 429 with
Retry-After, `latency` answers late, `hang` takes a connection and says nothing, `auth` is 401, `empty` says nothing,
`malformed` is no JSON, `cut` breaks off the connection, `truncated` stops in the middle and says so, `unfinished` ends
without a reason, `wrong` says `content` instead."""

Hours = Annotated[float, Field(gt=0, le=8784, allow_inf_nan=False)]
Vendor = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
CsvFile = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9./-]*\.csv$", max_length=120)]


class Question(Part):
    """Something that is asked, and how a right answer is told."""

    agent: Name
    say: str = Field(min_length=1)
    expect: str = Field(min_length=1, description="A regular expression; a right answer contains a match of it.")
    stream: bool = False
    turns: int = Field(default=0, ge=0, le=2000, description="Turns of the conversation before it; they say `filler`.")
    filler: str = Field(default="Thank you. Tell me more about it.", min_length=1, max_length=20_000)
    weight: float = Field(default=1, gt=0, description="How often it is asked, beside the others.")


class Failing(Part):
    """What fails: `rung`, `vendor` or `service`, one of them; and how."""

    rung: Literal["L0", "L1", "L2"] | None = Field(
        default=None, description="Whoever is the vendor of this rung for the agent that is asked."
    )
    vendor: Vendor | None = Field(default=None, description="A `provider` of the Model documents.")
    service: str | None = Field(default=None, description="A service of tools; `*` is every one.")
    mode: Mode = "down"
    severity: Rate = Field(default=1, description="The share of calls that it hits.")
    status: Annotated[int, Field(ge=400, le=599)] = 503
    seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=20, description="Of `latency`, and what `rate-limit` asks to wait."
    )
    growing: bool = Field(default=False, description="Latency grows from nothing to `seconds` over the incident.")
    content: str = "I like turtles."

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if sum(target is not None for target in (self.rung, self.vendor, self.service)) != 1:
            raise ValueError("it must have one of `rung`, `vendor` and `service`")
        return self


class Incident(Failing):
    """One incident, from `start` to `end` hours after the beginning."""

    start: Annotated[float, Field(ge=0, le=8784, allow_inf_nan=False)]
    end: Hours

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"it ends at {self.end:g} h, which is not after its start at {self.start:g} h")
        return self


class Incidents(Failing):
    """Incidents drawn at random: durations are log-normal, and gaps are such that `share` of the time is an incident.

    Two of one vendor do not overlap.
    """

    share: Annotated[float, Field(gt=0, lt=1)] = Field(description="Of the time in which one is open, 0 to 1.")
    median_minutes: Seconds = Field(description="Half of them are shorter.")
    p90_minutes: Seconds = Field(description="Nine of ten are shorter.")
    most_minutes: Seconds = Field(description="None is longer.")
    least_severity: Rate | None = Field(
        default=None, description="Each hits a share of calls between this and `severity`, any as likely."
    )
    also: Literal["L0", "L1", "L2"] | None = Field(
        default=None, description="A rung that fails too, in `correlation` of the incidents."
    )
    correlation: Rate = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.median_minutes < self.p90_minutes <= self.most_minutes:
            raise ValueError("it must be medianMinutes < p90Minutes <= mostMinutes")
        if self.least_severity is not None and self.least_severity > self.severity:
            raise ValueError("leastSeverity is above severity")
        if (self.also is None) != (self.correlation == 0):
            raise ValueError("`also` and a `correlation` above 0 belong together")
        if self.also is not None and (self.also == self.rung or self.service is not None):
            raise ValueError("`also` must be another rung than the one that fails, and not beside a service")
        return self


class Surge(Part):
    """More questions for a while."""

    start: Annotated[float, Field(ge=0, le=8784)]
    end: Hours
    times: Annotated[float, Field(gt=0, le=100)] = Field(description="As many as otherwise, so many times.")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"it ends at {self.end:g} h, which is not after its start at {self.start:g} h")
        return self


class Targets(Part):
    """What the head must keep. Shares are 0 to 1; absent: what the environment's objectives promise is all."""

    availability: Rate | None = Field(default=None, description="At least: right answers in time from a model.")
    answered: Rate | None = Field(default=None, description="At least: any useful answer in time, prepared ones too.")
    p99_seconds: Seconds | None = Field(default=None, description="At most, from the moment of asking.")
    mttr_p95_seconds: Seconds | None = Field(default=None, description="At most, of the incidents that users felt.")
    amplification: Annotated[float, Field(ge=1)] | None = Field(
        default=None, description="At most: calls to a vendor that is sick, for each that it would get when well."
    )


class Drill(Document):
    """A fault trace and the questions that are asked during it.

    Of a long trace with many incidents, `sample` of them are lived through: their first and last minutes and moments
    in between, and moments of the healthy time. Each answer counts for as much time as it stands for.
    """

    kind: Literal["Drill"]
    hours: Hours = Field(description="How long it lasts.")
    per_minute: Annotated[float, Field(gt=0, le=600)] = Field(default=15, description="Questions, at random moments.")
    sample: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        default=None, description="How many incidents are lived through; absent: all the time is."
    )
    blips: Rate = Field(
        default=0.0, description="Of calls to a vendor that is well, so many are answered with a 503 all the same."
    )
    late_seconds: Seconds = Field(default=30, description="An answer that takes longer is none.")
    questions: tuple[Question, ...] = Field(default=(), description="Absent: the probes of the environment.")
    incidents: tuple[Incident, ...] = ()
    random: tuple[Incidents, ...] = ()
    history: CsvFile | None = Field(
        default=None,
        description="A file in evals/drills with a team's own incidents: vendor, start, end, kind, severity.",
    )
    surges: tuple[Surge, ...] = ()
    targets: Targets = Targets()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.hours * 3600
