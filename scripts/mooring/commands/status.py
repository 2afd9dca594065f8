"""`moor status`."""

import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import environment
from mooring.commands.place import Place, find
from mooring.errors import Stopped, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.release.release import Release

SUMMARY = "Show what stands in the slots, what serves, how it fares, and who holds the lease."
EXAMPLES = """
moor status           every environment
moor status local     one
moor status local --watch    anew every second, until Ctrl-C
moor status --json | jq '.environments[].live'
"""

EVERY = 1.0
"""Seconds between two looks of `--watch`."""


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)
    parser.add_argument("--watch", action="store_true", help="go on showing it")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.report import status

    if args.watch and args.json:
        raise UsageError("--json prints one object, so it cannot watch", fix="moor status --json")
    place = find(args)
    names = [place.known(name) for name in args.environment] or place.environments()
    while True:
        found = [look(place, name) for name in names]
        if args.watch:
            console.anew()
        for number, data in enumerate(found):
            if number:
                console.line()
            status.show(data, console, time.time())
        if not args.watch:
            return Outcome(Reason.REPORTED, {"environments": found})
        time.sleep(EVERY)


def look(place: Place, name: str) -> dict[str, Any]:
    """Everything known of an environment: what the ledger says, and what runs, when something does."""
    from mooring.commands.running import target

    data = target(place, name).status().data()
    recorded = _recorded(place, name) if (place.of(name) / "ledger.db").exists() else {}
    return {**data, **data.pop("facts"), **_served(place, name), **recorded}


def _recorded(place: Place, name: str) -> dict[str, Any]:
    """What the ledger knows: the phase, what is quarantined, who holds the lease, when traffic was last switched."""
    from mooring.commands.running import ledger
    from mooring.report.moments import iso
    from mooring.rollout import lease

    with ledger(place, name) as book:
        state, held = book.state(name), lease.read(book, name)
        switches = (iso(entry.at) for entry in book.entries(1000, name) if entry.event["event"] == "switched")
        return {
            "phase": state.phase,
            "quarantined": state.quarantined,
            "lease": {**asdict(held), "until": iso(held.until)} if held and held.held(time.time()) else None,
            "since": next(switches, None),
        }


def _served(place: Place, name: str) -> dict[str, Any]:
    from mooring.commands.running import target

    with suppress(Stopped):
        return served(target(place, name).live())
    return served(None)


def served(release: "Release | None") -> dict[str, Any]:
    """Of the release that serves: models by rung, by agent, and what the simulator plays of it."""
    if release is None:
        return {"agents": {}, "simulated": None}
    environment, agents = release.content.environment, release.content.agents.values()
    simulated = {"models": environment.endpoints == "simulated", "services": list(environment.simulated_services)}
    return {"agents": {agent.name: dict(agent.models.names()) for agent in agents}, "simulated": simulated}
