"""What was done to an environment lately, and whether it drifted, by its ledger."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from mooring.rollout import logbook, notes

if TYPE_CHECKING:
    from mooring.rollout.ledger import Entry, Ledger
    from mooring.rollout.logbook import Record

SHOWN = 8
"""Deployments that a status tells of."""

READ = 80
"""Entries that are read for that: most deployments are seven."""


def recent(book: "Ledger", environment: str, slots: dict[str, Any]) -> dict[str, Any]:
    """`deployments`, the newest first, `drift`, and `commits` by slot; JSON-able."""
    entries = list(islice(book.backward(environment, READ), READ))
    done = [record for record in logbook.newest(entries, READ)[0] if record.rollout]
    commits = {record.digest: record.commit for record in reversed(done) if record.commit}
    return {
        "deployments": [deployment(record, commits) for record in done[:SHOWN]],
        "drift": drift(book, environment, entries),
        "commits": {slot: _commit(book, environment, facts.get("digest"), commits) for slot, facts in slots.items()},
    }


def deployment(record: "Record", commits: Mapping[str | None, str | None]) -> dict[str, Any]:
    """What a status tells of a deployment; `lost` of `requests` are None where no receipt was written.

    `commits` are those of releases: a rollback does not name its own.
    """
    counts = record.requests or {}
    why = ": ".join(filter(None, [str(record.reason or ""), record.detail])) if record.failed else ""
    return {
        "at": record.start,
        "ended": record.end,
        "kind": record.kind,
        "actor": record.actor,
        "digest": record.digest,
        "commit": record.commit or commits.get(record.digest),
        "slot": record.slot,
        "outcome": record.outcome,
        "detail": why,
        "lost": counts.get("lost"),
        "requests": counts.get("received"),
    }


def drift(book: "Ledger", environment: str, entries: "Sequence[Entry]") -> dict[str, Any] | None:
    """The last word on drift: when it was said, and the fields that differ; None when nothing was ever noted."""
    found = notes.notes(entries, notes.SEEN) or notes.notes(book.noted(environment), notes.SEEN)
    return {"checked": found[0][0], "fields": sorted(found[0][1])} if found else None


def looked(known: dict[str, Any] | None, jobs: "Sequence[dict[str, Any]]") -> dict[str, Any] | None:
    """The same with the scheduled job's word: the ledger notes what changed, and nothing while all is as in git."""
    job = next((job for job in jobs if job["job"] == "drift" and job["ran"] is not None), None)
    if job is None or (known is None and job["outcome"] != "success"):
        return known
    known = known or {"checked": job["ran"], "fields": []}
    return {**known, "checked": max(known["checked"], job["ran"])}


def _commit(
    book: "Ledger", environment: str, digest: str | None, commits: Mapping[str | None, str | None]
) -> str | None:
    if digest is None:
        return None
    return commits.get(digest) or book.commit_of(environment, digest)
