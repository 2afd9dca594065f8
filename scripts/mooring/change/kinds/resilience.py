"""Resilience profiles: tries, waits, deadlines, what is kept, and whether it all fits together."""

from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides, budget, moved, number, turned
from mooring.change.walk import Note, Rule, Rules, same
from mooring.change.wording import quote, show
from mooring.spec import Resilience
from mooring.spec.messages import BUILT_IN

WEAKENED, CHANGED = "resilience.weakened", "resilience.changed"
SWITCHES = {
    "checkpoint.mode": ("runs go on after a crash", "a crash loses the runs that are under way"),
    "ladder.hedge.enabled": ("the next rung is asked beside a slow one", "a slow rung is waited for alone"),
    "ladder.lastGood.enabled": ("the last good answer stands in", "the last good answer no longer stands in"),
    "ladder.queue.enabled": ("a question that failed is asked again", "a question that failed is not asked again"),
}
"""Switches of a profile, and the words for turning each off."""


def rules(_: Sides) -> Rules:
    return _calls() | _breaker("breaker", "the breaker") | _breaker("tools.breaker", "a tool's breaker") | _kept()


def _calls() -> dict[str, Rule]:
    """Deadline, tries, waits and the ladder."""
    tries = {f"ladder.rungs.{rung}.tries": budget(f"tries of {rung}", fall=WEAKENED) for rung in ("L0", "L1", "L2")}
    messages = {f"messages.{name}": moved(CHANGED, f"message {name}") for name in BUILT_IN}
    return (
        _limits()
        | tries
        | messages
        | {
            "deadlineSeconds": budget("deadline", " s", fall=WEAKENED),
            "objectives.p99Seconds": _limit("objective for one model call"),
            "ladder.apology": moved(CHANGED, "apology"),
            "ladder.hedge.afterSeconds": number(WEAKENED, CHANGED, "the next rung is asked after", " s"),
            "ladder.hedge.enabled": _switch("ladder.hedge.enabled"),
            "ladder.hedge.maxShare": number(CHANGED, WEAKENED, "most of the model calls that are hedged"),
            "ladder.hedge.percentile": _limit("recent answers that are faster than a slow one", unit=""),
            "ladder.lastGood.enabled": _switch("ladder.lastGood.enabled"),
            "ladder.lastGood.maxAgeHours": number(WEAKENED, CHANGED, "age of an answer that stands in", " h"),
            "ladder.presets": presets,
            "ladder.queue.enabled": _switch("ladder.queue.enabled"),
            "ladder.queue.retryAfterSeconds": moved(CHANGED, "seconds until a question is asked again"),
            "languages": moved(CHANGED, "languages of last resort"),
            "onDisconnect": moved(CHANGED, "when a client hangs up:"),
            "retry.baseSeconds": number(CHANGED, CHANGED, "first wait", " s"),
            "retry.capSeconds": number(CHANGED, CHANGED, "longest wait", " s"),
            "retry.jitter": moved(CHANGED, "jitter"),
            "retry.jitterRate": number(CHANGED, WEAKENED, "jitter rate"),
            "retry.maxShare": _limit("most of the model calls that are tried again", unit=""),
            "retry.multiplier": number(CHANGED, CHANGED, "wait multiplied by"),
            "retry.tries": budget("tries of a rung", fall=WEAKENED),
            "retry.triesAfterTimeout": budget("tries after a timeout", fall=WEAKENED),
            "tools.maxResultBytes": budget("bytes of a tool's result"),
            "tools.tries": budget("tries of a tool", fall=WEAKENED),
        }
    )


def _limits() -> dict[str, Rule]:
    """How long is waited for the rungs."""
    said = {"connectSeconds": "connecting to", "firstByteSeconds": "first content of", "timeoutSeconds": "one try of"}
    return {
        f"ladder.rungs.{rung}.{key}": _limit(f"timeout of {words} {rung}")
        for rung in ("L0", "L1", "L2")
        for key, words in said.items()
    }


def _limit(label: str, unit: str = " s") -> Rule:
    """For what stops a wait: weaker the later it does, and weakest where there is none."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        weaker = after is None or (before is not None and after > before)
        yield Note(WEAKENED if weaker else CHANGED, f"{label} {show(before)} → {show(after)}{unit if after else ''}")

    return rule


def _breaker(path: str, name: str) -> dict[str, Rule]:
    """Weaker, the more it takes to open."""
    return {
        f"{path}.consecutiveFailures": number(WEAKENED, CHANGED, f"failures before {name} opens"),
        f"{path}.failureRate": number(WEAKENED, CHANGED, f"rate of failures before {name} opens"),
        f"{path}.minimumCalls": number(WEAKENED, CHANGED, f"calls before rates open {name}"),
        f"{path}.openSeconds": number(CHANGED, CHANGED, f"{name} open for", " s"),
        f"{path}.slowCallRate": number(WEAKENED, CHANGED, f"rate of slow calls before {name} opens"),
        f"{path}.slowCallSeconds": number(WEAKENED, CHANGED, f"a call is slow for {name} after", " s"),
        f"{path}.windowSeconds": number(CHANGED, CHANGED, f"window of {name}", " s"),
    }


def _kept() -> dict[str, Rule]:
    """Context, memory, checkpoints and health."""
    return {
        "checkpoint.mode": _switch("checkpoint.mode", on="durable"),
        "context.keepRecentTurns": number(CHANGED, WEAKENED, "recent turns that are always kept"),
        "context.pins": moved(CHANGED, "messages that are always kept"),
        "context.strategy": moved(CHANGED, "a conversation that is too long:"),
        "context.summaryModel": moved(CHANGED, "model that summarises"),
        "context.summarySeconds": _limit("timeout of a summary"),
        "context.warnRatio": number(WEAKENED, CHANGED, "part of a model's window that warns"),
        "health.canary": moved(CHANGED, "canary"),
        "health.databaseSeconds": number(WEAKENED, CHANGED, "the database is slow after", " s"),
        "health.dependencySeconds": number(WEAKENED, CHANGED, "a dependency is slow after", " s"),
        "health.loopLagSeconds": number(WEAKENED, CHANGED, "the event loop lags after", " s"),
        "memory.archiveDays": number(CHANGED, WEAKENED, "conversations are kept", " days"),
        "memory.idleMinutes": number(CHANGED, CHANGED, "idle conversations stay in memory", " min"),
        "memory.limitMib": number(CHANGED, CHANGED, "memory of a slot", " MiB"),
        "memory.maxConversations": number(CHANGED, CHANGED, "conversations in memory"),
        "memory.shedRatio": number(WEAKENED, CHANGED, "part of the memory at which a slot sheds"),
    }


def _switch(path: str, on: Any = True) -> Rule:
    """For what is in SWITCHES: turning it off is worse."""
    here, gone = SWITCHES[path]
    flag = turned((CHANGED, here), (WEAKENED, gone))
    return lambda before, after: flag(before == on, after == on)


def presets(before: Any, after: Any) -> Iterator[Note]:
    """Answers that stand in when no model does, by intent."""
    old, new = ({preset["intent"]: preset for preset in side} for side in (before, after))
    for intent in sorted(old.keys() - new.keys()):
        yield Note(WEAKENED, f"no prepared answer stands in for {show(intent)} any more", values=(old[intent], None))
    for intent in sorted(new.keys() - old.keys()):
        text = f"a prepared answer stands in for {show(intent)}: {quote(new[intent]['answer'].get('en', ''))}"
        yield Note(CHANGED, text, values=(None, new[intent]))
    for intent in sorted(name for name in old.keys() & new.keys() if not same(old[name], new[name])):
        text = f"the prepared answer for {show(intent)} is another"
        yield Note(CHANGED, text, values=(old[intent], new[intent]))
    if old == new:
        code = WEAKENED if len(after) < len(before) else CHANGED
        yield Note(code, f"prepared answers {len(before)} → {len(after)}, looked for in another order")


def whole(before: Resilience, after: Resilience) -> Iterator[Note]:
    """What holds of the profile as a whole: all tries of a rung and their waits against the deadline."""
    worst = after.rung_seconds("L0")
    if worst > after.deadline_seconds and before.rung_seconds("L0") <= before.deadline_seconds:
        text = f"all tries of one rung may take {worst:.0f} s, the deadline is {show(after.deadline_seconds)} s"
        yield Note("resilience.beyond-deadline", text, values=(before.rung_seconds("L0"), worst))
