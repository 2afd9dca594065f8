"""Resilience profiles: tries, waits, deadlines, and whether they fit together."""

from collections.abc import Iterator

from mooring.change.rules import Sides, budget, moved, number
from mooring.change.walk import Note, Rules
from mooring.change.wording import show
from mooring.spec import Resilience

WEAKENED, CHANGED = "resilience.weakened", "resilience.changed"


def rules(_: Sides) -> Rules:
    return {
        "breaker.consecutiveFailures": number(WEAKENED, CHANGED, "failures before the breaker opens"),
        "breaker.openSeconds": number(CHANGED, CHANGED, "breaker open for", " s"),
        "deadlineSeconds": budget("deadline", " s", fall=WEAKENED),
        "ladder.apology": moved(CHANGED, "apology"),
        "ladder.rungs.L0.timeoutSeconds": number(WEAKENED, CHANGED, "timeout of one try of L0", " s"),
        "ladder.rungs.L1.timeoutSeconds": number(WEAKENED, CHANGED, "timeout of one try of L1", " s"),
        "ladder.rungs.L2.timeoutSeconds": number(WEAKENED, CHANGED, "timeout of one try of L2", " s"),
        "onDisconnect": moved(CHANGED, "when a client hangs up:"),
        "retry.baseSeconds": number(CHANGED, CHANGED, "first wait", " s"),
        "retry.capSeconds": number(CHANGED, CHANGED, "longest wait", " s"),
        "retry.jitter": moved(CHANGED, "jitter"),
        "retry.jitterRate": number(CHANGED, WEAKENED, "jitter rate"),
        "retry.multiplier": number(CHANGED, CHANGED, "wait multiplied by"),
        "retry.tries": budget("tries of a rung", fall=WEAKENED),
    }


def whole(before: Resilience, after: Resilience) -> Iterator[Note]:
    """What holds of the profile as a whole: all tries of a rung and their waits against the deadline."""
    worst = after.rung_seconds("L0")
    if worst > after.deadline_seconds and before.rung_seconds("L0") <= before.deadline_seconds:
        text = f"all tries of one rung may take {worst:.0f} s, the deadline is {show(after.deadline_seconds)} s"
        yield Note("resilience.beyond-deadline", text, values=(before.rung_seconds("L0"), worst))
