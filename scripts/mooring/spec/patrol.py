"""Patrol: what an environment depends on, how it is looked at, and from when on that is trouble.

Limits have a default for each kind. A value on the good side of the first is `ok`, beyond the second it is an `alarm`,
and in between a `warn`. Addresses hold no password: one that needs a password is in the variable of a `secretRef`.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, JsonValue, StringConstraints

from mooring.spec.document import Document, FileRef, Name, Part, Seconds, SecretRef

CheckName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/@?#]+[^\s@#]*$")]
RedisUrl = Annotated[str, StringConstraints(pattern=r"^(redis|rediss)://[^\s/@?#]+(/\d+)?$")]
PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
"""Ports from 1 to 65535, as a regular expression."""

HostPort = Annotated[str, StringConstraints(pattern=rf"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):{PORT}$")]
Times = Annotated[int, Field(ge=1, le=10)]
Ratio = Annotated[float, Field(gt=0, le=10)]
Days = Annotated[float, Field(gt=0, le=3650)]
Usd = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]

Job = Literal["patrol", "drift", "behaviour", "export-state", "verify-backup", "live-drills"]
"""Scheduled jobs, by the names of their workflows."""


class Limits(NamedTuple):
    """`ok` is where a value stops being good, `alarm` where it starts to be bad. `rising`: more is worse."""

    ok: float
    alarm: float
    unit: str
    rising: bool = True


class Look(Part):
    """What all checks have. A look that takes longer than `timeout_seconds` is an alarm."""

    name: CheckName = Field(description="Names the check in tables, metrics and issues.")
    environments: tuple[Name, ...] = Field(default=(), description="Absent: every environment that is patrolled.")
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    failures: Times | None = Field(default=None, description="Instead of the document's `failures`.")
    recoveries: Times | None = Field(default=None, description="Instead of the document's `recoveries`.")

    @property
    def limits(self) -> Limits | None:
        """None where the look itself says what is good."""
        return None


class TimedLook(Look):
    """A check that is judged by the seconds that a look takes."""

    ok_below_seconds: Seconds = 1
    alarm_above_seconds: Seconds = 5

    @property
    def limits(self) -> Limits | None:
        return Limits(self.ok_below_seconds, self.alarm_above_seconds, "s")


class LlmEcho(TimedLook):
    """Each model answers a message of a few words."""

    kind: Literal["llm-echo"]
    models: tuple[Name, ...] = Field(default=(), description="Absent: every model of the environment.")
    ok_below_seconds: Seconds = 2
    alarm_above_seconds: Seconds = 10
    timeout_seconds: float = Field(default=20, gt=0, le=120)


class PgVector(Part):
    """A table of PostgreSQL with a column of the extension `vector`."""

    type: Literal["pgvector"]
    secret_ref: SecretRef = Field(description="The environment variable with the PostgreSQL URL.")
    table: Identifier
    column: Identifier
    distance: Literal["cosine", "l2", "inner-product"] = "cosine"


class HttpVectors(Part):
    """A vector database that is asked over HTTP, such as Qdrant."""

    type: Literal["http"]
    url: Url
    body: JsonValue = Field(description="The query, as the database wants it.")
    results: Annotated[str, StringConstraints(pattern=r"^(/[^/]+)*$")] = Field(
        description="JSON Pointer to the list of results in the answer, such as /result/points."
    )
    secret_ref: SecretRef | None = Field(default=None, description="The variable with what `secretHeader` says.")
    secret_header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")] = "authorization"


class VectorQuery(TimedLook):
    """A vector database finds the nearest neighbours of a vector; none at all is an alarm."""

    kind: Literal["vector-query"]
    store: Annotated[PgVector | HttpVectors, Field(discriminator="type")]
    at_least: int = Field(default=1, ge=1, le=1000, description="Results, of which there must be so many.")
    ok_below_seconds: Seconds = 0.5
    alarm_above_seconds: Seconds = 3


class RedisPing(TimedLook):
    """Redis answers PING. Either `url` or, where it has a password, `secretRef`."""

    kind: Literal["redis-ping"]
    url: RedisUrl | None = None
    secret_ref: SecretRef | None = Field(default=None, description="The variable with redis://USER:PASSWORD@HOST:PORT.")
    ok_below_seconds: Seconds = 0.05
    alarm_above_seconds: Seconds = 0.2
    timeout_seconds: float = Field(default=5, gt=0, le=120)


class Http(TimedLook):
    """An address answers a GET with a status of `statuses`, by default any 2xx; redirects are not followed."""

    kind: Literal["http"]
    url: Url | None = None
    service: str | None = Field(default=None, description="Instead of `url`: a service of the environment.")
    path: Annotated[str, StringConstraints(pattern=r"^/[^\s@#]*$")] = Field(
        default="/", description="Below the service; with neither `url` nor `service`, of the environment itself."
    )
    statuses: tuple[Annotated[int, Field(ge=100, le=599)], ...] = ()
    secret_ref: SecretRef | None = Field(default=None, description="The variable with what `secretHeader` says.")
    secret_header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")] = "authorization"


class Sql(TimedLook):
    """A PostgreSQL database answers `SELECT 1`."""

    kind: Literal["sql"]
    secret_ref: SecretRef | None = Field(
        default=None, description="The variable with the URL; absent: the database of the environment's own state."
    )


class Tcp(TimedLook):
    """A port accepts a connection."""

    kind: Literal["tcp"]
    address: HostPort


class TlsExpiry(Look):
    """A TLS server shows a certificate that is valid for its name, and will be for a while."""

    kind: Literal["tls-expiry"]
    address: HostPort
    server_name: str | None = Field(default=None, min_length=1, description="Absent: the host of `address`.")
    authority: FileRef | None = Field(default=None, description="A PEM file; absent: whom this machine trusts.")
    ok_above_days: Days = 30
    alarm_below_days: Days = 7

    @property
    def limits(self) -> Limits | None:
        return Limits(self.ok_above_days, self.alarm_below_days, "days", rising=False)


class Disk(Look):
    """How full a file system is, by bytes or by files, whichever is more."""

    kind: Literal["disk"]
    path: Annotated[str, StringConstraints(pattern=r"^/")] | None = Field(
        default=None, description="Absent: the folder with the environment's state."
    )
    ok_below_ratio: Ratio = 0.8
    alarm_above_ratio: Ratio = 0.9

    @property
    def limits(self) -> Limits | None:
        return Limits(self.ok_below_ratio, self.alarm_above_ratio, "full")


class TokenBudget(Look):
    """What the environment spent on models since the month began (UTC), of `usdPerMonth`."""

    kind: Literal["token-budget"]
    usd_per_month: Usd
    tenant: str | None = Field(default=None, min_length=1, description="Absent: all tenants together.")
    ok_below_ratio: Ratio = 0.8
    alarm_above_ratio: Ratio = 1.0

    @property
    def limits(self) -> Limits | None:
        return Limits(self.ok_below_ratio, self.alarm_above_ratio, "of the budget")


class McpList(TimedLook):
    """Each server of the Model Context Protocol lists the tools that Tool documents are bound to, as they say."""

    kind: Literal["mcp-list"]
    servers: tuple[str, ...] = Field(default=(), description="Services; absent: every one that a tool is bound to.")
    ok_below_seconds: Seconds = 2
    alarm_above_seconds: Seconds = 10
    timeout_seconds: float = Field(default=20, gt=0, le=120)


class CanaryLook(TimedLook):
    """The live agents answer the cases of suites as their assertions say, with no effect in the world."""

    kind: Literal["canary"]
    suites: tuple[Name, ...] = Field(default=(), description="Absent: every smoke suite of the environment's agents.")
    ok_below_seconds: Seconds = 10
    alarm_above_seconds: Seconds = 60
    timeout_seconds: float = Field(default=90, gt=0, le=300)


class HeartbeatLook(Look):
    """Each scheduled job reported within two of its periods."""

    kind: Literal["heartbeat"]
    jobs: tuple[Job, ...] = Field(default=(), description="Absent: every scheduled job but the patrol itself.")


Check = Annotated[
    LlmEcho
    | VectorQuery
    | RedisPing
    | Http
    | Sql
    | Tcp
    | TlsExpiry
    | Disk
    | TokenBudget
    | McpList
    | CanaryLook
    | HeartbeatLook,
    Field(discriminator="kind"),
]


class Patrol(Document):
    """Checks, all made at once.

    A state gets worse after `failures` worse looks in a row, which are made `repeat_after_seconds` apart in one patrol,
    and better after `recoveries` better patrols in a row: one failure opens no issue, and one success closes none.
    """

    kind: Literal["Patrol"]
    failures: Times = 2
    recoveries: Times = 2
    repeat_after_seconds: float = Field(default=2, ge=0, le=60)
    keep_days: int = Field(default=30, ge=1, le=3650, description="How long what was seen is kept.")
    checks: tuple[Check, ...] = Field(min_length=1)

    def of(self, environment: str) -> tuple[Check, ...]:
        """The checks that are made of an environment."""
        return tuple(one for one in self.checks if not one.environments or environment in one.environments)
