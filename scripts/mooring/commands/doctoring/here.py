"""The machine and the environments that run on it."""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace
from mooring.errors import MooringError

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.operate.doctor.diagnosis import Diagnosis
    from mooring.operate.doctor.environments import Here


def names(workspace: Workspace, asked: list[str]) -> list[str]:
    """The environments that are asked for; else those with a state on this machine, and those for development."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.spec import Environment
    from mooring.state.place import location

    if asked:
        return [workspace.known(name) for name in asked]
    documents = load(WorkTree(workspace.root))[0].all(Environment)
    developed = {name for name, document in documents.items() if document.tier == "development"}
    deployed = set(location.known(workspace.state))
    return sorted(name for name in documents if name in developed | deployed)


def look(workspace: Workspace, asked: list[str], clock_off: float | None) -> "Iterator[Diagnosis]":
    """Raises UsageError for an unknown environment."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.commands.validate import collect
    from mooring.operate.doctor import environments, machine
    from mooring.spec import Environment

    wanted = names(workspace, asked)
    catalog, _ = load(WorkTree(workspace.root))
    documents = catalog.all(Environment)
    runs = {name: documents[name] for name in wanted if name in documents}
    yield from machine.diagnoses(machine.Machine.measured(workspace.state, clock_off), runs)
    yield environments.documents(*collect(workspace.root, None))
    for name in wanted:
        yield from environments.diagnoses(_here(workspace, catalog, name, asked=bool(asked)), os.environ)


def _here(workspace: Workspace, catalog: "Catalog", name: str, *, asked: bool) -> "Here":
    from mooring.commands.running import target
    from mooring.operate.doctor.environments import Here
    from mooring.operate.objectives.standing import Standings
    from mooring.operate.records import Records
    from mooring.operate.status import status
    from mooring.release.resolve import resolve
    from mooring.state.place import location

    try:
        content = resolve(catalog, name).content
    except MooringError as error:
        return Here(name, error, running=False, live=None, expected=asked)
    expected = asked or name in location.known(workspace.state)
    try:
        with closing(Records(workspace.root, workspace.of(name), name)) as records:
            data = status(target(workspace, name), records, Standings(records))
    except MooringError as error:
        return Here(name, content, running=False, live=None, expected=expected, problem=str(error))
    live = data["live"]
    digest = live["digest"] if live else None
    return Here(name, content, bool(data["running"]), digest, expected, warnings=tuple(data["warnings"]))
