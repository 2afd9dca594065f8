"""Resilience profiles: how an agent stays up. Every line here is something the runtime does."""

from typing import Annotated, Literal

from pydantic import Field

from mooring.spec.document import Document, Name, Part, Rate, Seconds
from mooring.spec.messages import APOLOGY, Language, Messages, Texts


class Retry(Part):
    """Tries of one rung before the next; the only retries there are, since SDK retries are always 0.

    The wait before try n+1 is `w = min(base * multiplier**(n-1), cap)`, spread by `jitter`: `proportional` between
    w * (1 - rate) and w * (1 + rate), `full` between 0 and w, `equal` between w/2 and w, `none` exactly w.
    A `Retry-After` longer than the cap means: next rung now.
    """

    tries: int = Field(default=4, ge=1, le=5)
    tries_after_timeout: int = Field(
        default=1,
        ge=0,
        le=1,
        description="Tries after one that ran out of time. All tries of a rung together never take longer than"
        " so many more timeouts and the waits before them.",
    )
    base_seconds: Seconds = 1
    multiplier: float = Field(default=2, ge=1, le=5)
    cap_seconds: Seconds = 30
    jitter: Literal["proportional", "full", "equal", "none"] = "proportional"
    jitter_rate: Rate = 0.25
    max_share: Rate | None = Field(
        default=0.1,
        description="Of the calls of a model; a burst of ten is let through. Beyond it the next rung is asked at once,"
        " since retries of all would keep a sick endpoint down. null: no limit.",
    )

    def wait(self, number: int) -> float:
        """Seconds to wait after try `number` (from 1) failed, before jitter."""
        return min(self.base_seconds * self.multiplier ** (number - 1), self.cap_seconds)

    def longest_wait(self, number: int) -> float:
        """The same with the worst jitter there can be."""
        return self.wait(number) * (1 + self.jitter_rate if self.jitter == "proportional" else 1)


class Breaker(Part):
    """Stops calling an endpoint that keeps failing. Opens when any limit is reached; then one probe decides.

    Rates count over the calls of the last `window_seconds`, once there are `minimum_calls` of them.
    Cancelled calls and broken requests (400, 422) are not counted.
    """

    consecutive_failures: int = Field(default=5, ge=1)
    window_seconds: Seconds = 60
    minimum_calls: int = Field(default=10, ge=1)
    failure_rate: Rate = 0.5
    slow_call_seconds: Seconds = 8
    slow_call_rate: Rate = 0.8
    open_seconds: Seconds = Field(default=30, description="Longer when the endpoint's Retry-After says so.")


Limit = Annotated[float, Field(gt=0, le=120)]

CONNECT_SECONDS = 3.0
"""By default, and less where a try may take less."""


class RungPolicy(Part):
    """How one rung is tried; what is absent is the profile's `retry`.

    A limit that is above `timeout_seconds` counts as `timeout_seconds`.
    """

    tries: int | None = Field(default=None, ge=1, le=5)
    connect_seconds: Limit = Field(default=CONNECT_SECONDS, description="Until a connection stands.")
    first_byte_seconds: Limit | None = Field(
        default=None,
        description="Of a stream: until its first content, and the longest silence after that."
        " Absent: timeoutSeconds. An answer that is not streamed comes at once, and has only timeoutSeconds.",
    )
    timeout_seconds: Limit = Field(default=15, description="Of one try: until a whole answer, or a stream's content.")

    @property
    def connecting(self) -> float:
        """Seconds until a connection must stand."""
        return min(self.connect_seconds, self.timeout_seconds)

    @property
    def beginning(self) -> float:
        """Seconds until a stream must say something, and again something."""
        return min(self.first_byte_seconds or self.timeout_seconds, self.timeout_seconds)


class Rungs(Part):
    """The policy of each rung that calls a model."""

    primary: RungPolicy = Field(default=RungPolicy(), alias="L0")
    alternate: RungPolicy = Field(default=RungPolicy(tries=2), alias="L1")
    local: RungPolicy = Field(default=RungPolicy(tries=1, timeout_seconds=10), alias="L2")

    def of(self, rung: str) -> RungPolicy:
        """The policy of L0, L1 or L2."""
        return {"L0": self.primary, "L1": self.alternate, "L2": self.local}[rung]


class Hedge(Part):
    """Asks the next rung while a slow one still runs: the first good answer counts, and the other call is cancelled.

    The next rung is asked after `after_seconds`, or later: once the rung has taken longer than `percentile` of its
    recent answers. A stream is slow until its first content. Never applied to tools.
    """

    enabled: bool = True
    after_seconds: Seconds = 4
    percentile: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=0.95, description="0.95: later than 95 of 100 recent answers of the rung. null: after afterSeconds."
    )
    max_share: Rate = Field(
        default=0.1, description="Of the model calls; a burst of ten is let through, so that a quiet agent hedges too."
    )


class Preset(Part):
    """L3: an answer prepared for an intent. The first preset with a matching pattern answers."""

    intent: str = Field(pattern=r"^[a-z0-9-]+$")
    match: tuple[str, ...] = Field(min_length=1, description="Regular expressions over the user's message.")
    answer: Texts


class LastGood(Part):
    """L3: the last good answer to the same question, marked as cached with its age."""

    enabled: bool = True
    max_age_hours: float = Field(default=24, gt=0)


class Queue(Part):
    """L4: the question is kept, asked again later, and the answer delivered under its ticket."""

    enabled: bool = True
    retry_after_seconds: tuple[Seconds, ...] = Field(default=(30, 120, 600, 3600), min_length=1)


class Ladder(Part):
    """What answers when the primary model does not. The last rung always answers."""

    rungs: Rungs = Rungs()
    hedge: Hedge = Hedge()
    presets: tuple[Preset, ...] = ()
    last_good: LastGood = LastGood()
    apology: Texts = Field(
        default=dict(APOLOGY),
        description="L4, the friendly error. Its languages are those that the profile speaks.",
    )
    queue: Queue = Queue()


class Tools(Part):
    """How tools are called: each tool's own timeout is the hard limit of one try."""

    tries: int = Field(default=2, ge=1, le=5, description="Of tools that are idempotent or carry a key; others get 1.")
    max_result_bytes: int = Field(default=65536, ge=1024, le=1048576)
    breaker: Breaker = Breaker()


class Context(Part):
    """What is done before a conversation outgrows a model's window.

    Always kept: the system messages, the user's first goal, pinned facts, open tool calls with their returns.
    """

    strategy: Literal["sliding-window", "trim-middle", "summarise-middle"] = "trim-middle"
    warn_ratio: Rate = 0.85
    keep_recent_turns: int = Field(default=6, ge=1)
    pins: tuple[str, ...] = Field(default=(), description="Regular expressions: messages that match are kept.")
    summary_model: Name | None = Field(
        default=None, description="A cheap Model; when it fails, or is absent, the middle is trimmed."
    )
    summary_seconds: Limit = Field(default=8, description="The longest a summary may take.")


class Memory(Part):
    """What a slot keeps in memory, and what it does before it runs out."""

    idle_minutes: float = Field(
        default=30, gt=0, description="Conversations leave memory after this; the archive stays."
    )
    max_conversations: int = Field(default=1000, ge=1)
    archive_days: float = Field(default=90, gt=0)
    limit_mib: int = Field(
        default=1024, ge=256, description="Of a slot: at `shed_ratio` it sheds, here it is replaced."
    )
    shed_ratio: Rate = 0.8


class Checkpoint(Part):
    """`durable`: every model and tool call is written down, and a run goes on from the break after a crash."""

    mode: Literal["durable", "off"] = "durable"


class Canary(Part):
    """A question with a known answer, asked now and then: the behaviour layer of the health check."""

    say: str = Field(min_length=1)
    expect: str = Field(min_length=1, description="A regular expression the answer must contain a match of.")
    every_seconds: Annotated[float, Field(ge=10)] = 300


class Health(Part):
    """Thresholds of the layered health check."""

    loop_lag_seconds: Seconds = 0.5
    database_seconds: Seconds = 0.25
    dependency_seconds: Seconds = 10
    canary: Canary | None = None


class Objectives(Part):
    """What a profile promises; `moor validate` holds its worst case to it."""

    p99_seconds: Seconds | None = Field(
        default=None, description="One model call, all the way down the ladder, takes no longer at worst."
    )


class Resilience(Document):
    """One profile. `deadline_seconds` is one budget a request, shared by tries, rungs and tools."""

    kind: Literal["Resilience"]
    deadline_seconds: Seconds = 120
    objectives: Objectives = Objectives()
    retry: Retry = Retry()
    breaker: Breaker = Breaker()
    ladder: Ladder = Ladder()
    messages: Messages = Messages()
    languages: tuple[Language, ...] = Field(
        default=("en",),
        min_length=1,
        description="Spoken where neither the client's languages nor the question's has all texts; the best first.",
    )
    tools: Tools = Tools()
    context: Context = Context()
    memory: Memory = Memory()
    checkpoint: Checkpoint = Checkpoint()
    health: Health = Health()
    on_disconnect: Literal["cancel", "finish"] = Field(
        default="cancel", description="What becomes of a run whose client hangs up."
    )

    def tries(self, rung: str) -> int:
        """Tries of rung L0, L1 or L2."""
        return self.ladder.rungs.of(rung).tries or self.retry.tries

    def timeouts(self, rung: str) -> int:
        """How many of the tries of rung L0, L1 or L2 may time out."""
        return min(self.tries(rung), 1 + self.retry.tries_after_timeout)

    def rung_seconds(self, rung: str) -> float:
        """The longest that all tries of a rung may take together: their timeouts, and the longest waits between."""
        timeouts = self.timeouts(rung)
        waits = sum(self.retry.longest_wait(number) for number in range(1, timeouts))
        return timeouts * self.ladder.rungs.of(rung).timeout_seconds + waits
