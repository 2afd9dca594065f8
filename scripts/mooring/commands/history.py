"""`moor history`."""

import re
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import UNITS, count, environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import MooringError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.rollout.ledger import Entry, Ledger
    from mooring.rollout.logbook import Record
    from mooring.targets.protocol import Target

SUMMARY = "Show what was done to an environment: deployments, rollbacks, hotfixes, drift, proofs"
EXAMPLES = """
moor history local               the newest first: who did what, how it ended, what changed, requests lost
moor history local --since 2d    of the last two days; or since 2026-11-29, or 2026-11-29T14:00:00Z
moor history local --limit 100   more of it
moor history local --events      each step in the ledger, as one row
moor history local --chat        what was said by chat, refused or not: who, where, what became of it
moor history local --verify      and whether the ledger is whole: every entry seals the one before
"""
RECORDS, ROWS = 10, 20
"""How many of each are shown by default."""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--verify", action="store_true", help="check the whole chain first")
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument("--events", action="store_true", help="one row for each step in the ledger")
    rows.add_argument("--chat", action="store_true", help="one row for each command that was said by chat")
    parser.add_argument("--since", metavar="TIME", type=moment, help="30m, 2h or 7d ago, a date, or a time in ISO 8601")
    how = f"how many entries (default: {RECORDS}, {ROWS} with --events or --chat)"
    parser.add_argument("--limit", metavar="N", type=count, help=how)


def moment(text: str) -> float:
    """Unix time of `2d` ago, of a date or of a time; UTC where it says no zone."""
    if found := re.fullmatch(r"(\d{1,5})([mhd])", text):
        return time.time() - int(found[1]) * UNITS[found[2]]
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is no time such as 2d, 2026-11-29 or 2026-11-29T14:00:00Z") from None


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import ledger, target
    from mooring.rollout import logbook
    from mooring.timestamps import iso

    workspace = find(args)
    name = workspace.known(args.environment)
    since = args.since or 0.0
    found: list[Record] = []
    stored = target(workspace, name)
    with ledger(workspace, name) as opened:
        verified = opened.verify() if args.verify else None
        if args.chat:
            return _said(opened, name, args, verified, console)
        if args.events:
            entries = _rows(opened, name, args.limit or ROWS, since)
        else:
            found, entries = logbook.newest(opened.backward(name), args.limit or RECORDS, since)
            found = _with_chat(opened, name, found, args.limit or RECORDS, since)
        told = [_told(workspace, opened, stored, record) for record in found]
    shown = [_shown(entry) for entry in entries]
    _show(told, shown, args, console)
    if verified is not None:
        console.line(f"{verified} entries, an unbroken chain", "green")
    data = {"environment": name, "verified": verified, "entries": shown}
    records = [{**one, **{at: one[at] and iso(one[at]) for at in ("start", "end")}} for one in told]
    return Outcome(Reason.REPORTED, data if args.events else {**data, "records": records})


def _with_chat(book: "Ledger", name: str, found: "list[Record]", limit: int, since: float) -> "list[Record]":
    """The records together with those of chat, the newest first."""
    from mooring.rollout import chatted, logbook

    # What is older than the oldest record shown would come between records that are not.
    since = found[-1].start if len(found) == limit else since
    said = islice(logbook.chat(chatted.newest(book, name, since)), limit)
    return sorted([*found, *said], key=lambda record: record.start, reverse=True)[:limit]


def _said(book: "Ledger", name: str, args: Namespace, verified: int | None, console: Console) -> Outcome:
    """What was said by chat, as rows."""
    from mooring.report import history
    from mooring.rollout import chatted
    from mooring.timestamps import iso

    entries = list(islice(chatted.newest(book, name, args.since or 0.0), args.limit or ROWS))
    shown = [{**entry.event, "at": iso(entry.at), "seq": entry.seq, "hash": entry.hash} for entry in entries]
    if shown:
        console.table(history.CHAT, history.chat(shown, time.time() if console.terminal else None))
    else:
        console.line("nothing was said since then" if args.since else "nothing was said yet")
    if verified is not None:
        console.line(f"{verified} entries, an unbroken chain", "green")
    return Outcome(Reason.REPORTED, {"environment": name, "verified": verified, "chat": shown})


def _shown(entry: "Entry") -> dict[str, Any]:
    from mooring.rollout.patches import all_shown
    from mooring.timestamps import iso

    masked = {"event": all_shown(entry.event), "state": all_shown(entry.state)}
    return {**entry.data(), **masked, "at": iso(entry.at)}


def _rows(book: "Ledger", name: str, limit: int, since: float) -> "list[Entry]":
    return list(islice(takewhile(lambda entry: entry.at >= since, book.backward(name)), limit))


def _show(told: list[dict[str, Any]], entries: list[dict[str, Any]], args: Namespace, console: Console) -> None:
    from mooring.report import history, logbook

    now = time.time()
    if args.events:
        console.table(history.COLUMNS, history.rows(entries, now if console.terminal else None))
    elif told:
        logbook.show(told, console, now)
    else:
        console.line("nothing was done since then" if args.since else "nothing was done yet")


def _told(workspace: Workspace, book: "Ledger", stored: "Target", record: "Record") -> dict[str, Any]:
    """A record with what changed and what the commit is called; None where that is not known."""
    commit = record.commit
    if commit is None and record.digest and record.kind in ("rollback", "return"):
        commit = book.commit_of(book.location.environment, record.digest)
    told = {"commit": commit, "subject": _subject(workspace, commit), "changes": _changes(stored, record)}
    return {**record.data(), **told}


def _subject(workspace: Workspace, commit: str | None) -> str | None:
    from mooring.operate.why import described

    known = described(workspace.root, commit)
    return known["subject"] if known else None


def _changes(stored: "Target", record: "Record") -> list[dict[str, Any]] | None:
    """What a release changed against the one before, in words; None where either is not stored any more."""
    if not record.rollout or record.previous is None or record.digest in (None, record.previous):
        return None
    from mooring.change.diff import diff

    try:
        new, old = stored.release(record.digest), stored.release(record.previous)
    except MooringError:
        return None
    changes = diff(new.content, old.content)
    return [{"document": one.document, "code": one.code, "sentence": one.sentence, "risk": one.risk} for one in changes]
