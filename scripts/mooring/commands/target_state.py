"""The release that documents resolve to, and the plan of deploying it."""

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
    """The work tree's catalog and its release for an environment. Raises FindingsError or UsageError."""
    catalog = load_valid(WorkTree(workspace.root))
    return catalog, resolve(catalog, environment)


def at(workspace: Workspace, environment: str, ref: str) -> Release | None:
    """The release of an environment at a commit; None when the commit has no such environment.

    Refuses only what cannot be resolved: today's checks do not apply to old documents.
    """
    catalog, _ = load(GitTree(workspace.root, ref))
    return resolved(catalog, environment, ref) if catalog.get(Environment, environment) else None


def resolved(catalog: Catalog, environment: str, ref: str) -> Release:
    """The release of a commit's documents. Raises FindingsError with files as `ref:path`, as git writes them."""
    try:
        return resolve(catalog, environment)
    except FindingsError as error:
        raise FindingsError([replace(found, file=f"{ref}:{found.file}") for found in error.findings]) from None


def planned(catalog: Catalog, desired: Release, live: Release | None) -> Plan:
    """The plan against the live release, judged by guards and the work tree's overrides."""
    return make_plan(desired, live, catalog.all(Override).values(), datetime.now(UTC))
