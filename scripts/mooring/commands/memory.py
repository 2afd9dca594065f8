"""`moor memory`."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from time import time
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import count, environment
from mooring.commands.workspace import find
from mooring.errors import Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.state.memories import Choice, Memory

SUMMARY = "List what agents remember of users, and forget it."
EXAMPLES = """
moor memory list production                          how much is remembered of whom
moor memory list production --user ann               and what: text, agent, run, date
moor memory forget production --tenant website --user ann --dry-run
moor memory forget production --id mem_5c3e01b2a9f0d417
"""
OWNERS = ("TENANT", "USER", "SPACE", "MEMORIES", "BYTES")
COLUMNS = ("ID", "TENANT", "USER", "SPACE", "AGENT", "WRITTEN", "UNTIL", "TEXT")
MOST = 100


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, what: str) -> ArgumentParser:
        made = actions.add_parser(name, parents=[shared()], help=what, description=f"{what[0].upper()}{what[1:]}.")
        environment(made)
        made.add_argument("--tenant", metavar="T", help="of this tenant; '' for none, as without access")
        made.add_argument("--user", metavar="U", help="of this user, as requests name it")
        made.add_argument("--space", metavar="S", help="in this space")
        made.add_argument("--id", metavar="ID", nargs="+", help="these memories alone")
        return made

    listed = action("list", "show of whom something is remembered; with a user or ids, what")
    listed.add_argument("--limit", metavar="N", type=count, default=MOST, help=f"the newest N (default: {MOST})")
    forget = action("forget", "delete memories, here and from every copy that is restored later")
    forget.add_argument("--dry-run", action="store_true", help="say what would be forgotten, and do nothing")
    forget.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.stored import stored
    from mooring.state.memories import Choice, number_of

    if unknown := [each for each in args.id or () if number_of(each) < 0]:
        raise UsageError(f"{unknown[0]!r} is no id of a memory, such as mem_5c3e01b2a9f0d417", "moor memory list")
    workspace = find(args)
    name = workspace.known(args.environment)
    choice = Choice(args.tenant, args.user, args.space, tuple(args.id or ()))
    with stored(workspace, name, os.environ) as database:
        if args.action == "list":
            return _list(args, choice, database, console)
        return _forget(args, choice, database, console)


def _list(args: Namespace, choice: "Choice", database: Any, console: Console) -> Outcome:
    from mooring.state import memories

    data: dict[str, Any] = {"environment": args.environment}
    if database is None:
        owners, found, indexed = [], [], True
    else:
        owners = database.read(lambda connection: memories.totals(connection, choice))
        exact = bool(choice.user is not None or choice.ids)
        found = database.read(lambda connection: memories.chosen(connection, choice, args.limit)) if exact else []
        indexed = database.read(memories.indexed)
    if found:
        console.table(COLUMNS, [_row(memory) for memory in found])
    elif owners:
        console.table(OWNERS, [(*owner[:3], f"{owner[3]:,}", f"{owner[4]:,}") for owner in owners])
    else:
        console.line("nothing is remembered")
    if not indexed:
        console.note("the extension pg_trgm could not be created in this database: searches read all of a user's rows")
    data["owners"] = [dict(zip(("tenant", "user", "space", "memories", "bytes"), owner, strict=True)) for owner in owners]
    return Outcome(Reason.REPORTED, data | {"memories": [_data(memory) for memory in found], "indexed": indexed})


def _forget(args: Namespace, choice: "Choice", database: Any, console: Console) -> Outcome:
    from mooring.state import forgetting, memories

    if choice.tenant is None and choice.user is None and not choice.ids:
        raise UsageError("say whose memories are to be forgotten", "--tenant T, --user U or --id ID")
    owners = database.read(lambda connection: memories.totals(connection, choice)) if database else []
    total, whose = sum(owner[3] for owner in owners), sorted({(owner[0], owner[1]) for owner in owners})
    data: dict[str, Any] = {"environment": args.environment, "dry_run": args.dry_run}
    data["owners"] = [{"tenant": tenant, "user": user} for tenant, user in whose]
    what = f"{total} memor{'y' if total == 1 else 'ies'} of {len(whose)} user{'s' * (len(whose) != 1)}"
    if owners:
        console.table(OWNERS, [(*owner[:3], f"{owner[3]:,}", f"{owner[4]:,}") for owner in owners])
    if args.dry_run:
        console.line(f"would forget {what}")
        return Outcome(Reason.REPORTED, data | {"forgotten": 0, "would_forget": total})
    if database is None:
        raise Refused(Reason.EMPTY_SET, f"{args.environment} has no database yet", f"moor up {args.environment}")
    _confirm(args, what, console)
    gone = database.write(lambda connection: forgetting.forget(connection, choice, time()))
    console.line(f"forgot {len(gone)} memor{'y' if len(gone) == 1 else 'ies'}; copies forget them when restored", "green")
    return Outcome(Reason.CHANGED, data | {"forgotten": len(gone)})


def _confirm(args: Namespace, what: str, console: Console) -> None:
    from mooring.commands.questions import agrees, can_ask

    if args.yes:
        return
    if not can_ask(console):
        raise UsageError("nobody is there to be asked", "--yes, or --dry-run to see what would be forgotten")
    if not agrees(console, f"Forget {what}? It cannot be undone"):
        raise Refused(Reason.GUARDED, "nothing was forgotten")


def _row(memory: "Memory") -> Sequence[str]:
    data = _data(memory)
    return [str(data[column.lower()])[:10] if column in ("WRITTEN", "UNTIL") else str(data[column.lower()]) for column in COLUMNS]


def _data(memory: "Memory") -> dict[str, Any]:
    from mooring.report.timestamps import iso

    owner = {"tenant": memory.owner.tenant, "user": memory.owner.user, "space": memory.owner.space}
    by = {"agent": memory.agent, "release": memory.release, "run": memory.run}
    times = {"written": iso(memory.written), "until": iso(memory.keep_until)}
    return {"id": memory.id, **owner, **by, **times, "text": memory.text}
