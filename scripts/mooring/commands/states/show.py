"""`moor state show`."""

import os
from argparse import ArgumentParser, Namespace
from typing import Any

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import MooringError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show where each environment keeps its state, and whether that is fit for it."
COLUMNS = ("ENVIRONMENT", "ENGINE", "WHERE", "MIGRATIONS", "SIZE")


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)


def run(args: Namespace, console: Console) -> Outcome:
    workspace = find(args)
    names = [workspace.known(name) for name in args.environment] or workspace.environments()
    found = [_look(workspace, name) for name in names]
    console.table(COLUMNS, [_row(each) for each in found])
    for each in found:
        for line in (*each["problems"], *each["warnings"]):
            console.line(f"{each['environment']}: {line}")
    return Outcome(Reason.REPORTED, {"environments": found})


def _look(workspace: Workspace, name: str) -> dict[str, Any]:
    """Asks for nothing to be made: a database that is not there yet has no size and no migrations."""
    from mooring.state.inspection import inspect
    from mooring.state.place.location import locate
    from mooring.state.unavailable import Unavailable

    shown: dict[str, Any] = {"environment": name, "engine": None, "where": "", "applied": None, "known": None}
    shown |= {"bytes": None, "problems": [], "warnings": []}
    try:
        where = locate(workspace.root, name, workspace.of(name)).address(os.environ)
        return shown | inspect(where).data()
    except (LookupError, MooringError) as error:
        return shown | {"problems": [str(error.args[0])]}
    except Unavailable as error:
        return shown | {"problems": [f"{error}; {error.fix}" if error.fix else str(error)]}


def _row(data: dict[str, Any]) -> tuple[str, ...]:
    applied = "" if data["applied"] is None else f"{data['applied']} of {data['known']}"
    size = "" if data["bytes"] is None else f"{data['bytes'] / 2**20:.1f} MiB"
    return data["environment"], data["engine"] or "unknown", data["where"], applied, size
