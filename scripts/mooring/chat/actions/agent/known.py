"""The agents of what is live, by name."""

from mooring.catalog.nearest import suggestion
from mooring.chat.action import Context
from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.rollout.state import Side
from mooring.rollout.target import SlotFacts


def live_slot(context: Context) -> tuple[Side, SlotFacts]:
    """The slot that has the traffic, in which every agent runs. Failed(NOT_RUNNING) where none has."""
    facts = context.target.facts()
    if facts.live is None:
        raise Failed(Reason.NOT_RUNNING, f"nothing is live in {context.environment}", "deploy first")
    return facts.live, facts.slots[facts.live.slot]


def the_agent(context: Context, name: str) -> list[str]:
    """Those that run beside the agent. UsageError where no such agent runs."""
    release = context.target.live()
    names = sorted(release.content.agents) if release else []
    if name not in names:
        there = f"there are: {', '.join(names)}" if names else "none is live"
        raise UsageError(f"no agent {name!r} runs in {context.environment}{suggestion(name, names)} ({there})")
    return [each for each in names if each != name]
