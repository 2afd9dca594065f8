"""`moor memory`."""

import re
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
    from mooring.state.runs.memories import Choice, Memory, Owned
    from mooring.state.transactions import Transactions

SUMMARY = "List what agents remember of users, and forget it."
EXAMPLES = """
moor memory list production                          how much is remembered of whom
moor memory list production --user ann               and what: text, agent, date
moor memory forget production --tenant website --user ann --dry-run
moor memory forget production --id mem_5c3e01b2a9f0d417
"""
OWNERS = ("TENANT", "USER", "SPACE", "MEMORIES", "BYTES")
COLUMNS = ("ID", "TENANT", "USER", "SPACE", "AGENT", "WRITTEN", "UNTIL", "TEXT")
ID = re.compile("mem_[0-9a-f]{16}")
MOST = 100
"""Memories that are shown unless `--limit` says otherwise."""


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, what: str) -> ArgumentParser:
        made = actions.add_parser(name, parents=[shared()], help=what, description=f"{what[0].upper()}{what[1:]}.")
        environment(made)
        made.add_argument("--tenant", metavar="T", help="of this tenant; '' where there is no access")
        made.add_argument("--user", metavar="U", help="of this user, as requests name it")
        made.add_argument("--id", metavar="ID", nargs="+", help="these memories alone")
        return made

    listed = action("list", "show of whom something is remembered; with a user or ids, what")
    listed.add_argument("--limit", metavar="N", type=count, default=MOST, help=f"the newest N (default: {MOST})")
    forget = action("forget", "delete memories, here and from older copies when they are restored")
    forget.add_argument("--dry-run", action="store_true", help="say what would be forgotten, and do nothing")
    forget.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.stored import stored
    from mooring.state.runs.memories import Choice

    if unknown := [each for each in args.id or () if not ID.fullmatch(each)]:
        raise UsageError(f"{unknown[0]!r} is no id of a memory, such as mem_5c3e01b2a9f0d417", "moor memory list")
    workspace = find(args)
    name = workspace.known(args.environment)
    choice = Choice(args.tenant, args.user, tuple(args.id or ()))
    with stored(workspace, name) as database:
        act = _list if args.action == "list" else _forget
        return act(args, choice, database, console)


def _list(args: Namespace, choice: "Choice", database: "Transactions | None", console: Console) -> Outcome:
    from mooring.state.runs import memories

    found: list[Memory] = []
    owners, indexed = _owners(choice, database), True
    if database is not None:
        if choice.user is not None or choice.ids:
            found = database.read(lambda connection: memories.chosen(connection, choice, args.limit))
        indexed = database.read(memories.indexed)
    if found:
        console.table(COLUMNS, [_row(memory) for memory in found])
    elif owners:
        console.table(OWNERS, [_owner_row(owner) for owner in owners])
    else:
        console.line("nothing is remembered")
    if not indexed:
        console.note("this database has no pg_trgm, and nobody here may create it: searches read all of a user's rows")
    told = {"owners": [owner._asdict() for owner in owners], "memories": [_data(memory) for memory in found]}
    return Outcome(Reason.REPORTED, {"environment": args.environment, **told, "indexed": indexed})


def _forget(args: Namespace, choice: "Choice", database: "Transactions | None", console: Console) -> Outcome:
    from mooring.state.runs import memories

    if choice.tenant is None and choice.user is None and not choice.ids:
        raise UsageError("say whose memories are to be forgotten", "--tenant T, --user U or --id ID")
    owners = _owners(choice, database)
    total, users = sum(owner.memories for owner in owners), len({(owner.tenant, owner.user) for owner in owners})
    what = f"{total} memor{'y' if total == 1 else 'ies'} of {users} user{'s' * (users != 1)}"
    data = {"environment": args.environment, "owners": [owner._asdict() for owner in owners], "found": total}
    if owners:
        console.table(OWNERS, [_owner_row(owner) for owner in owners])
    if args.dry_run:
        console.line(f"would forget {what}")
        return Outcome(Reason.REPORTED, data | {"forgotten": 0})
    if database is None:
        raise Refused(Reason.EMPTY_SET, f"{args.environment} has no database yet", f"moor up {args.environment}")
    _confirm(args, what, console)
    gone = database.write(lambda connection: memories.forget(connection, choice, time()))
    words = f"forgot {gone} memor{'y' if gone == 1 else 'ies'}; older copies forget them when they are restored"
    console.line(words, "green")
    return Outcome(Reason.CHANGED, data | {"forgotten": gone})


def _owners(choice: "Choice", database: "Transactions | None") -> "list[Owned]":
    from mooring.state.runs import memories

    return database.read(lambda connection: memories.owned(connection, choice)) if database else []


def _confirm(args: Namespace, what: str, console: Console) -> None:
    """Raises Refused when the answer is no, UsageError when nobody can be asked."""
    from mooring.commands.questions import agrees, can_ask

    if args.yes:
        return
    if not can_ask(console):
        raise UsageError("nobody is there to be asked", "--yes, or --dry-run to see what would be forgotten")
    if not agrees(console, f"Forget {what}? It cannot be undone"):
        raise Refused(Reason.GUARDED, "nothing was forgotten")


def _owner_row(owner: "Owned") -> Sequence[str]:
    return (owner.tenant, owner.user, owner.space, f"{owner.memories:,}", f"{owner.bytes:,}")


def _row(memory: "Memory") -> Sequence[str]:
    data = {name.upper(): str(value) for name, value in _data(memory).items()}
    return [data[column][:10] if column in ("WRITTEN", "UNTIL") else data[column] for column in COLUMNS]


def _data(memory: "Memory") -> dict[str, Any]:
    from mooring.timestamps import iso

    owner = {"tenant": memory.owner.tenant, "user": memory.owner.user, "space": memory.owner.space}
    by = {"agent": memory.agent, "release": memory.release, "run": memory.run}
    times = {"written": iso(memory.written), "until": iso(memory.keep_until)}
    return {"id": memory.id, **owner, **by, **times, "text": memory.text}
