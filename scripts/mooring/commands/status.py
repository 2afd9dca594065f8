"""`moor status`."""

import json
import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import MooringError, Stopped, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger
    from mooring.rollout.patches import Patch

SUMMARY = "Show both slots, which one serves and how healthy it is, and who holds the lease."
EXAMPLES = """
moor status           every environment
moor status local     one
moor status local --watch    refresh every second until Ctrl-C
moor status --json | jq '.environments[].live'
"""

EVERY = 1.0
"""Seconds between two refreshes of `--watch`."""


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)
    parser.add_argument("--watch", action="store_true", help="refresh every second until Ctrl-C")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.report import status

    if args.watch and args.json:
        raise UsageError("--json prints one object, so it cannot watch", fix="moor status --json")
    workspace = find(args)
    names = [workspace.known(name) for name in args.environment] or workspace.environments()
    while True:
        found = [look(workspace, name) for name in names]
        if args.watch:
            console.next_frame()
        for number, data in enumerate(found):
            if number:
                console.line()
            status.show(data, console, time.time())
        if not args.watch:
            return Outcome(Reason.REPORTED, {"environments": found})
        time.sleep(EVERY)


def look(workspace: Workspace, name: str) -> dict[str, Any]:
    """All that is known of an environment: its ledger, and what runs if something does."""
    from mooring.commands.running import target
    from mooring.state.place.location import kept

    data = target(workspace, name).status().data()
    warnings, recorded = _warnings(workspace, name), {}
    if kept(workspace.of(name)):
        try:
            recorded = _recorded(workspace, name)
        except MooringError as error:  # what runs is shown although its ledger cannot be read
            warnings.append(f"{error}; {error.fix}" if error.fix else str(error))
    live = _live(workspace, name)
    known = {**served(live), **recorded, "jobs": _jobs(workspace, name), "warnings": warnings}
    return {**data, **data.pop("facts"), **known}


def _warnings(workspace: Workspace, name: str) -> list[str]:
    """What is wrong with where its state is kept."""
    from mooring.state.place.address import url_of
    from mooring.state.place.mounts import warnings

    where = url_of(workspace.of(name), None, name)
    return list(warnings(where)) if where.file and where.file.exists() else []


def _recorded(workspace: Workspace, name: str) -> dict[str, Any]:
    """What the ledger says: phase, quarantined release, holder of the lease, time of the last switch."""
    from mooring.commands.running import ledger
    from mooring.report.timestamps import iso
    from mooring.rollout import lease

    with ledger(workspace, name) as book:
        state, held = book.state(name), lease.holder(book, name)
        switches = (iso(entry.at) for entry in book.entries(1000, name) if entry.event["event"] == "switched")
        return {
            "phase": state.phase,
            "quarantined": state.quarantined,
            "lease": {**asdict(held), "owner": held.process, "until": iso(held.until)} if held else None,
            "since": next(switches, None),
            "hotfixes": [_patch(patch) for patch in state.hotfix.patches] if state.hotfix else [],
            "exported": _exported(book),
        }


def _patch(patch: "Patch") -> dict[str, Any]:
    """A hotfix, its values masked where they look like secrets."""
    from mooring.catalog.secrets import masked
    from mooring.report.timestamps import iso

    values = {path: masked(json.dumps(value, ensure_ascii=False)) for path, value in patch.values.items()}
    return {
        "document": f"{patch.kind}/{patch.name}",
        "values": values,
        "owner": patch.owner,
        "reason": patch.reason,
        "since": iso(patch.since),
        "until": iso(patch.until),
    }


def _exported(book: "Ledger") -> dict[str, Any] | None:
    """How far exports are, and when a restore was last proved; None where nothing is exported."""
    found = book.read(lambda statements: statements("select name, seen, data from exports"))
    rows = {name: (seen, json.loads(data)) for name, seen, data in found}
    if not rows.keys() & {"stream", "copy"}:
        return None
    seen = {name: rows[name][0] if name in rows else None for name in ("stream", "copy", "verified")}
    proof = rows["verified"][1] if "verified" in rows else {}
    problem = rows["problem"][1]["said"] if "problem" in rows else ""
    return {**seen, "rpo": proof.get("rpo"), "rto": proof.get("rto"), "problem": problem}


def _jobs(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    """When each scheduled job of the environment last ran and last reported, and whether that is too long ago."""
    from mooring.commands.stored import stored
    from mooring.state.records import heartbeats

    try:
        with stored(workspace, name) as database:
            known = database.read(heartbeats.heartbeats) if database else []
    except MooringError:
        return []
    overdue, beats = {each.job for each in heartbeats.late(known, time.time())}, {each.job: each for each in known}
    nothing = {"first": None, "ran": None, "outcome": None, "reported": None}
    return [
        {**(beats[job].data() if job in beats else {"job": job, **nothing}), "late": job in overdue}
        for job in (heartbeats.JOBS if known else ())
    ]


def _live(workspace: Workspace, name: str) -> "Release | None":
    """The release that serves, where that can be said."""
    from mooring.commands.running import target

    with suppress(Stopped):
        return target(workspace, name).live()
    return None


def served(release: "Release | None") -> dict[str, Any]:
    """Of the release that serves: models by rung, by agent, and what the simulator plays of it."""
    if release is None:
        return {"agents": {}, "simulated": None}
    environment, agents = release.content.environment, release.content.agents.values()
    simulated = {"models": environment.endpoints == "simulated", "services": list(environment.simulated_services)}
    return {"agents": {agent.name: dict(agent.models.names()) for agent in agents}, "simulated": simulated}
