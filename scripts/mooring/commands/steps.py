"""Steps that several verbs take on the way from documents to traffic."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load, load_valid
from mooring.catalog.source import GitTree, WorkTree
from mooring.change.plan import Plan, make_plan
from mooring.commands.place import Place
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout.ledger import Ledger
from mooring.spec import Environment, Override
from mooring.targets.local.target import Local


def documents(place: Place, environment: str) -> tuple[Catalog, Release]:
    """The documents of the work tree and what they make for an environment. FindingsError, UsageError."""
    catalog = load_valid(WorkTree(place.root))
    return catalog, resolve(catalog, environment)


def at(place: Place, environment: str, ref: str) -> Release | None:
    """What a commit makes for an environment; None when it does not have the environment.

    Today's checks do not judge yesterday's documents: only what cannot be resolved is refused.
    """
    catalog, _ = load(GitTree(place.root, ref))
    return resolve(catalog, environment) if catalog.get(Environment, environment) else None


def live(place: Place, environment: str) -> Release | None:
    """What has the traffic, or gets it at the next start; None before the first deployment."""
    return target(place, environment).live()


def target(place: Place, environment: str | Environment) -> Local:
    name = environment if isinstance(environment, str) else environment.name
    return Local(place.root, environment, place.of(name))


def planned(catalog: Catalog, desired: Release, live: Release | None) -> Plan:
    return make_plan(desired, live, catalog.all(Override).values(), datetime.now(UTC))


@contextmanager
def ledger(place: Place, environment: str) -> Iterator[Ledger]:
    """The ledger of an environment, made when missing, closed at the end."""
    opened = Ledger(place.of(environment) / "ledger.db")
    try:
        yield opened
    finally:
        opened.close()
