"""Resilience profiles: how an agent stays up. Every line here is something the runtime does."""

from typing import Annotated, Literal

from pydantic import Field

from mooring.spec.document import Document, Part, Rate, Seconds


class Retry(Part):
    """Tries of one rung before the next; the only retries there are, since SDK retries are always 0.

    The wait before try n+1 is `base * multiplier**(n-1)`, at most `cap`, times a random factor
    between 1 - jitter and 1 + jitter.
    """

    tries: int = Field(default=3, ge=1, le=5)
    base_seconds: Seconds = 1
    multiplier: float = Field(default=2, ge=1, le=5)
    cap_seconds: Seconds = 30
    jitter: Rate = 0.5


class Breaker(Part):
    """Stops calling an endpoint that keeps failing, and probes it with one call after `open_seconds`."""

    failures: int = Field(default=5, ge=1)
    open_seconds: Seconds = 30


class Ladder(Part):
    """What answers when the primary model does not. The last rung always answers."""

    request_timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20
    apology: dict[str, str] = Field(
        default_factory=lambda: {"en": "Sorry, I cannot answer right now. Please try again in a few minutes."},
        description="L4, the friendly error, by language code; `en` must be there.",
    )


class Resilience(Document):
    """One profile. `deadline_seconds` is one budget a request, shared by tries, rungs and tools."""

    kind: Literal["Resilience"]
    deadline_seconds: Seconds = 60
    retry: Retry = Retry()
    breaker: Breaker = Breaker()
    ladder: Ladder = Ladder()
    on_disconnect: Literal["cancel", "finish"] = Field(
        default="cancel", description="What becomes of a run whose client hangs up."
    )
