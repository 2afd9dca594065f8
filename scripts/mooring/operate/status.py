"""The status of one environment as data: what runs, what its ledger says, and what is late."""

import json
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from mooring.errors import MooringError, Stopped
from mooring.operate.objectives.standing import Standings
from mooring.operate.records import Records
from mooring.timestamps import iso

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger
    from mooring.rollout.patches import Patch


class Running(Protocol):
    """What runs; `data` is JSON-able."""

    def data(self) -> dict[str, Any]: ...


class Target(Protocol):
    """What is asked of a target."""

    def status(self) -> Running:
        """What runs; raises nothing when that is nothing."""

    def live(self) -> "Release | None":
        """The release that has the traffic. Raises Stopped."""


def status(target: Target, records: Records, standings: Standings | None = None) -> dict[str, Any]:
    """Everything known of an environment, JSON-able. What cannot be read is left out, and named in `warnings`."""
    data = target.status().data()
    warnings, recorded = _warnings(records), {}
    try:
        if ledger := records.ledger():
            recorded = _recorded(ledger, records.environment)
    except MooringError as error:  # what runs is shown although its ledger cannot be read
        warnings.append(f"{error}; {error.fix}" if error.fix else str(error))
    live = _live(target)
    known = {**served(live), **recorded, "jobs": jobs(records), "warnings": warnings}
    known |= {"objectives": (standings or Standings(records)).of(live), "patrol": patrolled(records)}
    return {**data, **data.pop("facts"), **known}


def _warnings(records: Records) -> list[str]:
    """What is wrong with where the state is kept."""
    from mooring.state.place.address import url_of
    from mooring.state.place.mounts import warnings

    where = url_of(records.state, None, records.environment)
    return list(warnings(where)) if where.file and where.file.exists() else []


def _recorded(book: "Ledger", name: str) -> dict[str, Any]:
    """What the ledger says: phase, quarantined release, holder of the lease, time of the last switch."""
    from mooring.rollout import lease

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


def jobs(records: Records) -> list[dict[str, Any]]:
    """When each scheduled job of the environment last ran and last reported, and whether that is too long ago."""
    from mooring.state.records import heartbeats
    from mooring.state.unavailable import Unavailable

    try:
        database = records.database()
        known = database.read(heartbeats.heartbeats) if database else []
    except (MooringError, Unavailable):
        return []
    overdue, beats = {each.job for each in heartbeats.late(known, time.time())}, {each.job: each for each in known}
    nothing = {"first": None, "ran": None, "outcome": None, "reported": None}
    return [
        {**(beats[job].data() if job in beats else {"job": job, **nothing}), "late": job in overdue}
        for job in (heartbeats.JOBS if known else ())
    ]


def patrolled(records: Records) -> list[dict[str, Any]] | None:
    """The state of each check of the patrol, by name; None where that cannot be known."""
    from mooring.state.records import patrols
    from mooring.state.unavailable import Unavailable

    try:
        database = records.database()
        known = database.read(patrols.states) if database else None
    except (MooringError, Unavailable):
        return None
    shown = ("check", "kind", "state", "seconds", "detail", "since")
    return None if known is None else [{name: each.data()[name] for name in shown} for each in known]


def _live(target: Target) -> "Release | None":
    """The release that serves, where that can be said."""
    with suppress(Stopped):
        return target.live()
    return None


def served(release: "Release | None") -> dict[str, Any]:
    """Of the release that serves: models by rung, by agent, and what the simulator plays of it."""
    if release is None:
        return {"agents": {}, "simulated": None}
    environment, agents = release.content.environment, release.content.agents.values()
    simulated = {"models": environment.endpoints == "simulated", "services": list(environment.simulated_services)}
    return {"agents": {agent.name: dict(agent.models.names()) for agent in agents}, "simulated": simulated}
