"""Objectives: what an environment promises, how long a time it is judged over, and who is told when it is not kept."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mooring.spec.document import Document, FileRef, Part, SecretRef

Signal = Literal["uptime", "mean-seconds", "p99-seconds", "retry-success", "degradation", "memory", "context"]
"""What can be promised by name."""

RISING: frozenset[str] = frozenset({"uptime", "retry-success"})
"""Signals of which more is better; of all others less is."""

Severity = Literal["page", "ticket"]
Period = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,4}[mhd]$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$")]

_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def seconds(period: str) -> int:
    """Of a period such as `30d`."""
    return int(period[:-1]) * _SECONDS[period[-1]]


class Series(Part):
    """A counter, or the `_count` or `_bucket` of a histogram, all series of it that have these labels."""

    metric: str = Field(min_length=1, description="As `/metrics` calls it, such as mooring_tool_calls_total.")
    labels: dict[str, str] = Field(default_factory=dict, description="Each with its one value; absent: any.")


class Ratio(Part):
    """Events of one kind, and those that went wrong among them."""

    bad: Series
    total: Series


class Objective(Part):
    """One promise. Shares are 0 to 1, times are seconds."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
    signal: Signal | None = Field(default=None, description="What is promised; or `ratio`, of other metrics.")
    ratio: Ratio | None = None
    at_least: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Of uptime, retry-success and the good share of a ratio."
    )
    at_most: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="Of everything else.")
    window: Period = Field(default="30d", description="The time that it holds over, such as 1h or 30d.")
    min_events: int = Field(
        default=50, ge=2, le=1_000_000, description="With fewer in the time that is looked at, nothing can be said."
    )
    severity: Severity = Field(default="page", description="`page` wakes somebody up; `ticket` can wait for the day.")

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.signal is None) == (self.ratio is None):
            raise ValueError("it must have `signal` or `ratio`, and not both")
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("it must have `atLeast` or `atMost`, and not both")
        return self

    @property
    def target(self) -> float:
        """The threshold."""
        value = self.at_least if self.at_least is not None else self.at_most
        return float(value or 0)

    @property
    def seconds(self) -> int:
        """Of its window."""
        return seconds(self.window)

    def kept(self, value: float) -> bool:
        """Whether a value keeps the promise."""
        return value >= self.target if self.at_least is not None else value <= self.target


class Server(Part):
    """A server of the monitoring that is there already."""

    url: Address
    secret_ref: SecretRef | None = Field(default=None, description="The variable with a bearer token, if it asks.")


class Webhook(Part):
    url: Address = Field(description="Without a secret in it: files hold those.")
    token_file: FileRef | None = Field(default=None, description="A file with a bearer token.")


class Slack(Part):
    channel: str = Field(min_length=1)
    url_file: FileRef = Field(description="A file with the URL of an incoming webhook.")


class PagerDuty(Part):
    routing_key_file: FileRef = Field(description="A file with the integration key of an Events API v2 service.")


class Receiver(Part):
    """One way of telling. Secrets are in files on Alertmanager's machine, which it reads itself."""

    webhook: Webhook | None = None
    slack: Slack | None = None
    pagerduty: PagerDuty | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.webhook, self.slack, self.pagerduty)) != 1:
            raise ValueError("it must have one of `webhook`, `slack` and `pagerduty`")
        return self


class Receivers(Part):
    """Who is told, by severity."""

    page: tuple[Receiver, ...] = ()
    ticket: tuple[Receiver, ...] = ()


class Objectives(Document):
    """What the environments that name it promise."""

    kind: Literal["Objectives"]
    prometheus: Server | None = Field(
        default=None, description="Where `moor objectives check` asks; absent: judged by what the environment counts."
    )
    alertmanager: Server | None = Field(default=None, description="Told to read its rendered file again.")
    receivers: Receivers = Field(default=Receivers(), description="Absent: alerts are shown, and nobody is told.")
    objectives: tuple[Objective, ...] = Field(min_length=1)
