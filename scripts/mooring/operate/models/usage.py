"""How the agents of an environment ask each of its models: on which rung, within what limits, for what."""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.release.content import ReleaseContent
from mooring.spec import Agent, Resilience

SUMMARY_RUNG = "L2"
"""The rung by whose limits a model that summarises is asked, as the runtime does it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One use of a model: the rung of an agent, or the summaries of a profile."""

    model: str
    rung: str
    profile: Resilience
    whose: str
    needs: frozenset[str]

    @property
    def seconds(self) -> float:
        """Within which an answer is wanted."""
        return self.profile.ladder.rungs.of(self.rung).timeout_seconds


def strictest(content: ReleaseContent, model: str) -> tuple[Usage, frozenset[str]]:
    """The use of a model that gives it the least time, and all that its uses need."""
    uses = [usage for usage in _usages(content) if usage.model == model]
    return min(uses, key=lambda usage: usage.seconds), frozenset().union(*(usage.needs for usage in uses))


def _usages(content: ReleaseContent) -> Iterator[Usage]:
    for agent in content.agents.values():
        profile = agent.profiled(content.resilience[agent.resilience])
        for rung, model in agent.models.names():
            yield Usage(model, rung, profile, f"{rung} of {agent.name}", _needs(agent, rung))
    for profile in content.resilience.values():
        if name := profile.context.summary_model:
            yield Usage(name, SUMMARY_RUNG, profile, f"summaries of {profile.name}", frozenset({"text"}))


def _needs(agent: Agent, rung: str) -> frozenset[str]:
    """An answer that must be JSON is streamed to nobody before it is known to fit."""
    more = {"tools"} if agent.tools_of(rung) else set()
    return frozenset({"text", "json"} | more) if agent.output.type == "json" else frozenset({"text", "stream"} | more)
