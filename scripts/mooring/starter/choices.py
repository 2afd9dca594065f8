"""What a new document refers to: the documents of the repository that most others refer to as well."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeVar

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.uses import families
from mooring.catalog.jsonschemas import required
from mooring.simulator.example import example
from mooring.spec import Agent, Environment, Model, Resilience, Tool
from mooring.spec.endpoints import SIMULATED
from mooring.spec.environment import Probe
from mooring.starter import documents
from mooring.starter.template import title

T = TypeVar("T")
DRAIN_SECONDS = 180.0


def _usual(found: Iterable[T]) -> T | None:
    """What is there most often; the first of those."""
    return next((value for value, _ in Counter(found).most_common(1)), None)


def rungs(catalog: Catalog) -> list[tuple[str, str]]:
    """(rung, model) pairs: those of most agents, else two of different providers; empty without models."""
    agents, known = catalog.all(Agent).values(), catalog.all(Model)
    whole = [agent.models.names() for agent in agents if all(name in known for _, name in agent.models.names())]
    if usual := _usual(whole):
        return list(usual)
    first = next(iter(known), None)
    if first is None:
        return []
    other = next((name for name, model in known.items() if model.provider != known[first].provider), None)
    return [("L0", first), *([("L1", other)] if other else [])]


def profile(catalog: Catalog) -> str | None:
    """The profile of most agents, else any."""
    known = catalog.all(Resilience)
    named = [agent.resilience for agent in catalog.all(Agent).values() if agent.resilience in known]
    return _usual(named) or next(iter(known), None)


def variables(catalog: Catalog, prompt: str, agent: str) -> dict[str, Any]:
    """Values for the inputs that a prompt needs: as other agents fill them, else the smallest ones that fit."""
    family = families(catalog).get(prompt)
    if family is None:
        return {}
    found: dict[str, Any] = {}
    for name in required(family.flat.input):
        if name == "message":
            continue
        given = [one.variables[name] for one in catalog.all(Agent).values() if name in one.variables]
        schema = family.properties.get(name)
        found[name] = given[0] if given else example(schema if isinstance(schema, dict) else {}, title(agent))
    return found


def probe(catalog: Catalog, agent: str) -> Probe:
    """How environments probe an agent, else a question that a starter prompt answers."""
    asked = [
        probe
        for environment in catalog.all(Environment).values()
        for probe in environment.rollout.probes
        if probe.agent == agent
    ]
    return asked[0] if asked else documents.probe(agent)


def deployed(catalog: Catalog) -> list[str]:
    """The agents of most environments, else all."""
    return list(_usual(one.agents for one in catalog.all(Environment).values()) or catalog.all(Agent))


def services(catalog: Catalog, agents: Iterable[str]) -> list[tuple[str, str]]:
    """(name, place) of what these agents' tools call: simulated where another environment has it so."""
    found = [catalog.get(Agent, name) for name in agents]
    tools = [catalog.get(Tool, tool) for agent in found if agent for tool in agent.tools]
    called = sorted({tool.service for tool in tools if tool and tool.service})
    places = {name: [one.services.get(name) for one in catalog.all(Environment).values()] for name in called}
    return [
        (name, SIMULATED if SIMULATED in at else next((place for place in at if place), SIMULATED))
        for name, at in places.items()
    ]


def service(catalog: Catalog, tool: str) -> str:
    """The service that a new tool calls: the first part of its name, else the one of most tools."""
    if "/" in tool:
        return tool.partition("/")[0]
    return _usual(one.service for one in catalog.all(Tool).values() if one.service) or "backend"


def drain(catalog: Catalog, agents: Iterable[str]) -> float:
    """Seconds after which no answer of these agents is under way any more."""
    found = [catalog.get(Agent, name) for name in agents]
    profiles = [catalog.get(Resilience, agent.resilience) for agent in found if agent]
    return max([DRAIN_SECONDS, *(profile.deadline_seconds for profile in profiles if profile)])


def port(catalog: Catalog, first: int) -> int:
    """The port after those of the environments, from `first` on."""
    listening = [
        int(address.rpartition(":")[2])
        for one in catalog.all(Environment).values()
        if (address := one.target.sockets.get("listen"))
    ]
    return max([first - 1, *listening]) + 1
