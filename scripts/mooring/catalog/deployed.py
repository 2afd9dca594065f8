"""Agents as environments see them, overrides applied."""

from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.overrides import overlaid
from mooring.spec import Agent, Environment


def environments(catalog: Catalog) -> Iterator[tuple[Environment, Catalog, list[tuple[Entry, Agent]]]]:
    """(environment, the catalog as it sees it, its agents)."""
    for environment in catalog.all(Environment).values():
        view = overlaid(catalog, environment)
        found = ((view.entry("Agent", name), view.get(Agent, name)) for name in environment.agents)
        yield environment, view, [(entry, agent) for entry, agent in found if entry and agent]


def deployed(catalog: Catalog) -> Iterator[tuple[Catalog, Entry, Agent]]:
    """Every agent as written, and again for each environment that overrides something."""
    for name, agent in catalog.all(Agent).items():
        yield catalog, catalog.of(Agent)[name], agent
    for _, view, agents in environments(catalog):
        if view is not catalog:
            for entry, agent in agents:
                yield view, entry, agent
