"""The status of one environment as data: what runs, what its ledger says, and what is late."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mooring.errors import MooringError, Stopped
from mooring.operate.objectives.standing import Standings
from mooring.operate.records import Records
from mooring.spec.endpoints import SIMULATED, by_provider
from mooring.state.unavailable import Unavailable
from mooring.timestamps import iso

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger
    from mooring.rollout.patches import Patch
    from mooring.state.records.holds import Hold

T = TypeVar("T")


class Running(Protocol):
    """What runs; `data` is JSON-able."""

    def data(self) -> dict[str, Any]: ...


class Target(Protocol):
    """What is asked of a target."""

    def status(self) -> Running:
        """What runs; raises nothing when that is nothing."""

    def live(self) -> "Release | None":
        """The release that has the traffic. Raises Stopped."""


UNTOLD: dict[str, Any] = {
    **dict.fromkeys(("deployments", "drift", "objectives", "patrol", "proofs", "lock")),
    "silences": [],
}
"""What is not known unless something says it."""


def status(target: Target, records: Records, standings: Standings) -> dict[str, Any]:
    """Everything known of an environment, JSON-able. What cannot be read is left out, and named in `warnings`."""
    from mooring.operate.recent import looked
    from mooring.operate.repository.remote import repository

    data = target.status().data()
    facts, live = data.pop("facts"), _live(target)
    asked = _Asked(_warnings(records))
    recorded = asked(lambda: _recorded(records.ledger(), records.environment, facts["slots"])) or {}
    for slot, commit in recorded.pop("commits", {}).items():
        facts["slots"][slot]["commit"] = commit
    ran = asked(lambda: read_jobs(records)) or []
    recorded |= {"proofs": asked(lambda: _proofs(records.ledger(), records.environment, live))}
    known = {**served(live), **recorded, "jobs": ran, "patrol": asked(lambda: read_patrol(records))}
    known |= {"objectives": asked(lambda: standings.read(live)), "warnings": asked.warnings}
    known["drift"] = looked(known.get("drift"), ran)
    return {"at": time.time(), **data, **facts, **UNTOLD, **known, "repository": repository(records.root)}


class _Asked:
    """Asks for what is on record until that cannot be read: a database that hangs would hold up each question.

    What runs is shown nevertheless; `warnings` say why there is no more.
    """

    def __init__(self, warnings: list[str]) -> None:
        self.warnings = warnings
        self._failed = False

    def __call__(self, ask: Callable[[], T]) -> T | None:
        if not self._failed:
            try:
                return ask()
            except (MooringError, Unavailable) as error:
                self._failed = True
                self.warnings.append(f"{error}; {error.fix}" if error.fix else str(error))
        return None


def _warnings(records: Records) -> list[str]:
    """What is wrong with where the state is kept."""
    from mooring.state.place.address import url_of
    from mooring.state.place.mounts import warnings

    where = url_of(records.state, None, records.environment)
    return list(warnings(where)) if where.file and where.file.exists() else []


def _recorded(book: "Ledger | None", name: str, slots: dict[str, Any]) -> dict[str, Any]:
    """What the ledger says: phase, quarantined release, holder of the lease, time of the last switch."""
    from mooring.operate.recent import recent
    from mooring.rollout import lease

    if book is None:
        return {}
    state, held = book.state(name), lease.holder(book, name)
    switched = book.last(name, "switched")
    return {
        "phase": state.phase,
        "quarantined": state.quarantined,
        "lease": {**asdict(held), "owner": held.process, "until": iso(held.until)} if held else None,
        "since": iso(switched.at) if switched else None,
        "hotfixes": [_patch(patch) for patch in state.hotfix.patches] if state.hotfix else [],
        **_holds(book, name),
        "exported": exported(book),
        **recent(book, name, slots),
    }


def _proofs(book: "Ledger | None", name: str, live: "Release | None") -> list[dict[str, Any]]:
    """The last receipt of each live drill, and whether it is as fresh as the release that serves demands."""
    from mooring.operate.exercises import receipt

    demanded = live.content.environment.rollout.proofs if live else {}
    return receipt.told(book, name, demanded, time.time()) if book else []


def _holds(book: "Ledger", name: str) -> dict[str, Any]:
    """The `lock` against deployments, None where there is none, and the `silences` of alerts; JSON-able."""
    from mooring.rollout import holds

    def told(hold: "Hold") -> dict[str, Any]:
        return {"owner": hold.owner, "reason": hold.reason, "since": iso(hold.since), "until": iso(hold.until)}

    locked, silent = holds.locked(book, name), holds.silences(book, name)
    return {"lock": told(locked) if locked else None, "silences": [{"what": name, **told(each)} for each in silent]}


def _patch(patch: "Patch") -> dict[str, Any]:
    """A hotfix, its values masked where they look like secrets."""
    from mooring.rollout.patches import told

    return {
        "document": f"{patch.kind}/{patch.name}",
        "values": {path: told(value) for path, value in patch.values.items()},
        "owner": patch.owner,
        "reason": patch.reason,
        "since": iso(patch.since),
        "until": iso(patch.until),
    }


def exported(book: "Ledger") -> dict[str, Any] | None:
    """How far exports are, and when a restore was last proved; None where nothing is exported."""
    found = book.read(lambda statements: statements("select name, seen, data from exports"))
    rows = {name: (seen, json.loads(data)) for name, seen, data in found}
    if not rows.keys() & {"stream", "copy"}:
        return None
    seen = {name: rows[name][0] if name in rows else None for name in ("stream", "copy", "verified")}
    proof = rows["verified"][1] if "verified" in rows else {}
    problem = rows["problem"][1]["said"] if "problem" in rows else ""
    return {**seen, "rpo": proof.get("rpo"), "rto": proof.get("rto"), "problem": problem}


def read_jobs(records: Records) -> list[dict[str, Any]]:
    """When each scheduled job of the environment last ran and last reported, and whether that is too long ago.

    Raises MooringError or Unavailable.
    """
    from mooring.state.records import heartbeats

    database = records.database()
    known = database.read(heartbeats.heartbeats) if database else []
    overdue, beats = {each.job for each in heartbeats.late(known, time.time())}, {each.job: each for each in known}
    nothing = {"first": None, "ran": None, "outcome": None, "reported": None}
    return [
        {**(beats[job].data() if job in beats else {"job": job, **nothing}), "late": job in overdue}
        for job in (heartbeats.JOBS if known else ())
    ]


def read_patrol(records: Records) -> list[dict[str, Any]] | None:
    """The state of each check of the last patrol; None where none has ever run. Raises MooringError or Unavailable.

    Checks of other machines than this one are named CHECK@MACHINE.
    """
    from mooring.state.records import patrols
    from mooring.state.running_folder import folder

    database = records.database()
    found = database.read(patrols.states) if database else []
    names = ("check", "kind", "state", "seconds", "detail")
    told = [{name: getattr(one, name) for name in names} | {"since": iso(one.since), "seen": one.seen} for one in found]
    here = patrols.of("", folder(records.state))
    return [{**one, "check": one["check"].removesuffix(here)} for one in told] or None


def _live(target: Target) -> "Release | None":
    """The release that serves, where that can be said."""
    with suppress(Stopped):
        return target.live()
    return None


def served(release: "Release | None") -> dict[str, Any]:
    """Of the release that serves: models by rung, by agent; who answers for each provider; what the simulator plays."""
    if release is None:
        return {"agents": {}, "endpoints": {}, "simulated": None}
    environment, agents = release.content.environment, release.content.agents.values()
    endpoints = by_provider(environment.endpoints, (model.provider for model in release.content.models.values()))
    simulated = {"models": set(endpoints.values()) == {SIMULATED}, "services": list(environment.simulated_services)}
    models = {agent.name: dict(agent.models.names()) for agent in agents}
    return {"agents": models, "endpoints": endpoints, "simulated": simulated}
