"""A release from the pull request that brought it to the rollback that took it away, as far as each is known."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.change.contract import meaning_of
from mooring.errors import MooringError
from mooring.operate.repository.github import GitHub
from mooring.operate.why import described, evidence
from mooring.rollout import quarantine
from mooring.rollout.ledger import Ledger
from mooring.rollout.logbook import Record, records
from mooring.rollout.writeback import branch_of
from mooring.state.records import ledger as rows

if TYPE_CHECKING:
    import sqlalchemy as sa

    from mooring.state.transactions import Transactions

MOST = 50_000
"""Entries of the ledger that are read, the newest."""


def known(ledger: Ledger, environment: str, beginning: str) -> list[str]:
    """The digests that begin so and that somebody asked to be live. `beginning` has the `sha256:`."""
    found = ledger.read(
        lambda statements: rows.saying(statements, environment, '"event":"requested"', f'"digest":"{beginning}')
    )
    said = (str(json.loads(row.body)["event"].get("digest", "")) for row in found)
    return sorted({digest for digest in said if digest.startswith(beginning)})


def walked(
    digest: str, environment: str, ledger: Ledger, database: "Transactions", root: Path, github: GitHub | None
) -> dict[str, Any]:
    """Everything in the order in which it came to be, JSON-able. What is not known is None, or an empty list."""
    rollouts = list(_rollouts(ledger, environment, digest))
    state = ledger.state(environment)
    commit = ledger.commit_of(environment, digest)
    deployed_on = next((one.evidence for one in reversed(rollouts) if one.digest == digest and one.evidence), None)

    def read(connection: "sa.Connection") -> list[dict[str, Any]]:
        return [*evidence(connection, digest, deployed_on), *_drills(connection, digest)]

    asked, unread = _asked(github, environment, commit, digest) if github else ({}, None)
    return {
        "environment": environment,
        "release": {
            "digest": digest,
            "live": state.live is not None and state.live.digest == digest,
            "quarantined": quarantine.reason(ledger, environment, digest) or None,
        },
        "commit": described(root, commit),
        "pull_request": asked.get("pull_request"),
        "evidence": database.read(read),
        "rollouts": [one.data() for one in rollouts],
        "revert": asked.get("revert"),
        "unread": unread,
    }


def _rollouts(ledger: Ledger, environment: str, digest: str) -> Iterator[Record]:
    """Those that went to the release, or away from it, the oldest first."""
    entries = list(islice(ledger.backward(environment), MOST))
    for record in records(reversed(entries)):
        if record.rollout and digest in (record.digest, record.previous):
            yield record


def _drills(connection: "sa.Connection", digest: str) -> Iterator[dict[str, Any]]:
    from mooring.state.records.evidence import about

    for name, content in about(connection, digest):
        value = json.loads(content)
        if "drills" in value:
            told = {part: value.get(part) for part in ("evidence", "outcome", "verdict")}
            yield {"digest": name, **told, "started": None, "suites": {}, "deployed": False}


def _asked(github: GitHub, environment: str, commit: str | None, digest: str) -> tuple[dict[str, Any], str | None]:
    """What the host knows, and why it could not be asked for more."""
    from mooring.operate.repository import pulls, reviewed

    found: dict[str, Any] = {}
    try:
        if commit and (pull := reviewed.merged_by(github, commit)):
            seen = reviewed.seen(github, pull.number)
            text = seen.plans.get(environment, "") if seen else ""
            found["pull_request"] = {
                "number": pull.number,
                "title": pull.title,
                "author": pull.author,
                "url": pull.url,
                "head": pull.head,
                "approved_by": list(reviewed.approved_by(github, pull.number)),
                "plan": {"commit": seen.commit, "meaning": meaning_of(text) or None} if seen else None,
            }
        found["revert"] = pulls.of(github, branch_of(digest))
    except MooringError as error:
        return found, str(error)
    return found, None
