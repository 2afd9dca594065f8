"""What one look at a dependency found."""

from dataclasses import dataclass
from enum import StrEnum

from mooring.spec.patrol import Limits


class State(StrEnum):
    """How a dependency is. `UNKNOWN`: the look itself could not be made, which says nothing about the dependency."""

    OK = "ok"
    WARN = "warn"
    UNKNOWN = "unknown"
    ALARM = "alarm"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return list(State).index(self)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look returns when the dependency answered. `value` is what the limits of its kind are for; None where
    that is the seconds that the look took, or where there are no limits."""

    detail: str = ""
    value: float | None = None


class Trouble(Exception):
    """The dependency is not as it must be: an alarm, whatever the limits say. The text says what and why."""


class NotMade(Exception):
    """The look cannot be made here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one look at one dependency. `seconds` is how long the look took, `at` Unix time.

    `detail` holds no secret. `limits` are those that judged it; None where the look itself did.
    """

    check: str
    kind: str
    state: State
    seconds: float
    at: float
    detail: str = ""
    limits: Limits | None = None
    value: float | None = None


def judged(value: float, limits: Limits) -> State:
    """The state of a value: on the good side of the first limit, beyond the second one, or between them."""
    sign = 1 if limits.rising else -1
    if sign * value > sign * limits.alarm:
        return State.ALARM
    return State.OK if sign * value < sign * limits.ok else State.WARN
