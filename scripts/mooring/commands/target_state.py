"""What the documents make, and what taking it out would change."""

from dataclasses import replace
from datetime import UTC, datetime

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load, load_valid
from mooring.catalog.source import GitTree, WorkTree
from mooring.change.plan import Plan, make_plan
from mooring.commands.workspace import Workspace
from mooring.errors import FindingsError
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.spec import Environment, Override


def documents(workspace: Workspace, environment: str) -> tuple[Catalog, Release]:
    """The documents of the work tree and what they make for an environment. FindingsError, UsageError."""
    catalog = load_valid(WorkTree(workspace.root))
    return catalog, resolve(catalog, environment)


def at(workspace: Workspace, environment: str, ref: str) -> Release | None:
    """What a commit makes for an environment; None when it does not have the environment.

    Today's checks do not judge yesterday's documents: only what cannot be resolved is refused.
    """
    catalog, _ = load(GitTree(workspace.root, ref))
    return resolved(catalog, environment, ref) if catalog.get(Environment, environment) else None


def resolved(catalog: Catalog, environment: str, ref: str) -> Release:
    """What the documents of a commit make. FindingsError, in which files are `ref:path` as git writes them."""
    try:
        return resolve(catalog, environment)
    except FindingsError as error:
        raise FindingsError([replace(found, file=f"{ref}:{found.file}") for found in error.findings]) from None


def planned(catalog: Catalog, desired: Release, live: Release | None) -> Plan:
    """The plan at this moment, judged with the overrides of the work tree."""
    return make_plan(desired, live, catalog.all(Override).values(), datetime.now(UTC))
