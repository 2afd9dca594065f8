"""Resilience profiles: tries, waits, deadlines, and whether they fit together."""

from collections.abc import Iterator

from mooring.change.rules import Sides, budget, moved, number
from mooring.change.walk import Note, Rules
from mooring.change.wording import show
from mooring.spec import Resilience

WEAKENED, CHANGED = "resilience.weakened", "resilience.changed"


def rules(_: Sides) -> Rules:
    return {
        "breaker.failures": number(WEAKENED, CHANGED, "failures before the breaker opens"),
        "breaker.openSeconds": number(CHANGED, CHANGED, "breaker open for", " s"),
        "deadlineSeconds": budget("deadline", " s", fall=WEAKENED),
        "ladder.apology": moved(CHANGED, "apology"),
        "ladder.requestTimeoutSeconds": number(WEAKENED, CHANGED, "timeout of one try", " s"),
        "onDisconnect": moved(CHANGED, "when a client hangs up:"),
        "retry.baseSeconds": number(CHANGED, CHANGED, "first wait", " s"),
        "retry.capSeconds": number(CHANGED, CHANGED, "longest wait", " s"),
        "retry.jitter": number(CHANGED, WEAKENED, "jitter"),
        "retry.multiplier": number(CHANGED, CHANGED, "wait multiplied by"),
        "retry.tries": budget("tries of a rung", fall=WEAKENED),
    }


def whole(before: Resilience, after: Resilience) -> Iterator[Note]:
    """What holds of the profile as a whole: all tries of a rung and their waits against the deadline."""
    worst = longest_rung(after)
    if worst > after.deadline_seconds and longest_rung(before) <= before.deadline_seconds:
        text = f"all tries of one rung may take {worst:.0f} s, the deadline is {show(after.deadline_seconds)} s"
        yield Note("resilience.beyond-deadline", text, values=(longest_rung(before), worst))


def longest_rung(profile: Resilience) -> float:
    """Seconds until a rung gives up when every try times out and every wait is the longest possible."""
    retry = profile.retry
    waits = (
        min(retry.cap_seconds, retry.base_seconds * retry.multiplier**n) * (1 + retry.jitter)
        for n in range(retry.tries - 1)
    )
    return retry.tries * profile.ladder.request_timeout_seconds + sum(waits)
