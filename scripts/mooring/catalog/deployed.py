"""Agents as environments see them, overrides applied."""

from collections.abc import Iterable, Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.overrides import overlaid
from mooring.spec import Agent, Environment, Model, Resilience


def environments(catalog: Catalog) -> Iterator[tuple[Environment, Catalog, list[tuple[Entry, Agent]]]]:
    """(environment, the catalog as it sees it, its agents)."""
    for environment in catalog.all(Environment).values():
        view = overlaid(catalog, environment)
        found = ((view.entry("Agent", name), view.get(Agent, name)) for name in environment.agents)
        yield environment, view, [(entry, agent) for entry, agent in found if entry and agent]


def models_of(view: Catalog, agents: Iterable[tuple[Entry, Agent]]) -> list[Model]:
    """The models that agents may call, those that summarise included, by name; `view` has the overrides applied."""
    listed = [agent for _, agent in agents]
    profiles = (view.get(Resilience, agent.resilience) for agent in listed)
    names = {profile.context.summary_model or "" for profile in profiles if profile}
    names |= {name for agent in listed for _, name in agent.models.names()}
    return [model for name in sorted(names) if (model := view.get(Model, name))]


def deployed(catalog: Catalog) -> Iterator[tuple[Catalog, Entry, Agent]]:
    """Every agent as written, and again for each environment that overrides something."""
    for name, agent in catalog.all(Agent).items():
        yield catalog, catalog.of(Agent)[name], agent
    for _, view, agents in environments(catalog):
        if view is not catalog:
            for entry, agent in agents:
                yield view, entry, agent
