"""A release without one of its policies: what it does worse is what the policy buys."""

from collections.abc import Callable, Mapping
from typing import Any

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.spec import Agent, Resilience

NEVER = 1_000_000
"""Failures in a row that no endpoint has: its breaker stays closed."""


def without(release: Release, policy: str) -> Release:
    """`policy` is one of `POLICIES`."""
    return Release.of(POLICIES[policy](release.content))


def _profiles(change: Callable[[Resilience], dict[str, Any]]) -> Callable[[ReleaseContent], ReleaseContent]:
    """Changes every profile; what is changed has dotted names."""

    def changed(content: ReleaseContent) -> ReleaseContent:
        profiles = {name: altered(profile, change(profile)) for name, profile in content.resilience.items()}
        return content.model_copy(update={"resilience": profiles})

    return changed


def altered(profile: Resilience, changes: Mapping[str, Any]) -> Resilience:
    """The profile with other values, by dotted names of the YAML form. Raises pydantic's ValidationError."""
    data = profile.model_dump(mode="json", by_alias=True)
    for path, value in changes.items():
        *folders, last = path.split(".")
        place = data
        for folder in folders:
            place = place[folder]
        place[last] = value
    return Resilience.model_validate(data)


def _rung(lost: str) -> Callable[[ReleaseContent], ReleaseContent]:
    """Takes a rung out of every ladder that has it."""

    def changed(content: ReleaseContent) -> ReleaseContent:
        agents = {name: _less(agent, lost) for name, agent in content.agents.items()}
        return content.model_copy(update={"agents": agents})

    return changed


def _less(agent: Agent, lost: str) -> Agent:
    data = agent.model_dump(mode="json", by_alias=True)
    data["models"] = {rung: name for rung, name in data["models"].items() if rung != lost}
    return Agent.model_validate(data)


def _no_retries(profile: Resilience) -> dict[str, Any]:
    rungs = {f"ladder.rungs.{rung}.tries": 1 for rung in ("L0", "L1", "L2")}
    return {"retry.tries": 1, **rungs}


def _no_breaker(profile: Resilience) -> dict[str, Any]:
    limits = {"consecutiveFailures": NEVER, "minimumCalls": NEVER}
    return {f"breaker.{name}": value for name, value in limits.items()}


POLICIES: Mapping[str, Callable[[ReleaseContent], ReleaseContent]] = {
    "retries": _profiles(_no_retries),
    "breaker": _profiles(_no_breaker),
    "hedging": _profiles(lambda profile: {"ladder.hedge.enabled": False}),
    "L1": _rung("L1"),
    "L2": _rung("L2"),
}
"""What can be taken away, by name."""
