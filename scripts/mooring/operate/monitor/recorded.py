"""Gauges of what an environment has on record: its ledger, its exports and its scheduled jobs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring import metrics as names
from mooring.errors import MooringError
from mooring.operate import status
from mooring.operate.monitor.exposition import Family
from mooring.operate.monitor.families import gauge
from mooring.operate.patrol.figures import HELP, STATES
from mooring.operate.records import Records
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.state.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class Recorded:
    """`commits` says what the releases in question were deployed from, where that was recorded."""

    families: list[Family] = field(default_factory=list)
    commits: dict[str, str] = field(default_factory=dict)


def recorded(
    records: Records, digests: set[str], known: Recorded, objectives: Callable[[], Iterable[Mapping[str, Any]]]
) -> Recorded:
    """Reads it; commits that are `known` are not looked up again. Without a database, that is all there is to say.

    The first question that is not answered is the last: a database that hangs would hold up each of them.
    """
    try:
        ledger = records.ledger()
        if ledger is None:
            return Recorded()
        commits = {digest: known.commits.get(digest) or _commit(ledger, records, digest) for digest in digests}
        found = [*_ledger(ledger, records.environment), *_exported(ledger)]
        found += [*_jobs(records), *_patrolled(records), *_promises(objectives())]
    except (MooringError, Unavailable):
        return Recorded([_up(False)], known.commits)
    return Recorded([_up(True), *found], {digest: commit for digest, commit in commits.items() if commit})


def _up(up: bool) -> Family:
    return gauge(names.DATABASE_UP, "1 while the environment's database can be read.", ({}, up))


def _commit(ledger: Ledger, records: Records, digest: str) -> str:
    return ledger.commit_of(records.environment, digest) or ""


def _ledger(ledger: Ledger, environment: str) -> list[Family]:
    state, held = ledger.state(environment), lease.holder(ledger, environment)
    switched = ledger.last(environment, "switched")
    moved = _time(switched.at if switched else None)
    hotfixes = len(state.hotfix.patches) if state.hotfix else 0
    return [
        gauge(names.LEASE_HELD, "1 while somebody changes the environment, such as by a deployment.", ({}, bool(held))),
        gauge(names.QUARANTINED, "1 while a release is quarantined.", ({}, state.quarantined is not None)),
        gauge(names.HOTFIXES, "Changes beside git that are in force.", ({}, hotfixes)),
        gauge(names.LAST_SWITCH, "When a slot was last given the traffic, Unix time.", *moved),
    ]


def _exported(ledger: Ledger) -> list[Family]:
    """Nothing where nothing is exported; a copy that was never made, or proved, has no time."""
    known = status.exported(ledger) or {}
    copied, proved = (_time(known.get(name)) for name in ("copy", "verified"))
    return [
        gauge(names.LAST_COPY, "When the state was last copied as a whole, Unix time.", *copied),
        gauge(names.LAST_PROOF, "When a copy was last proved by a restore, Unix time.", *proved),
    ]


def _patrolled(records: Records) -> list[Family]:
    """Nothing where no patrol has run. Raises MooringError or Unavailable."""
    found = status.read_patrol(records) or []
    labels = [{"check": one["check"], "kind": one["kind"]} for one in found]
    values: dict[str, list[tuple[dict[str, str], float]]] = {
        names.PATROL_STATE: [(of, STATES[one["state"]]) for of, one in zip(labels, found, strict=True)],
        names.PATROL_SECONDS: [(of, one["seconds"]) for of, one in zip(labels, found, strict=True)],
        names.PATROL_RUN: _time(max((one["seen"] for one in found), default=None)),
    }
    return [gauge(name, HELP[name], *rows) for name, rows in values.items()]


def _promises(objectives: Iterable[Mapping[str, Any]]) -> list[Family]:
    """Nothing of what cannot be told yet."""
    values, budgets = (
        [({"objective": each["name"]}, each[name]) for each in objectives if each[name] is not None]
        for name in ("value", "budget")
    )
    return [
        gauge(names.OBJECTIVE_VALUE, "What an objective measures, over its window.", *values),
        gauge(names.OBJECTIVE_BUDGET, "What is left of an objective's error budget, 0 to 1.", *budgets),
    ]


def _time(at: float | None) -> list[tuple[dict[str, str], float]]:
    return [({}, at)] if at else []


def _jobs(records: Records) -> list[Family]:
    late = [({"job": job["job"]}, job["late"]) for job in status.read_jobs(records)]
    return [gauge(names.JOB_LATE, "1 while a scheduled job has not reported for two of its periods.", *late)]
