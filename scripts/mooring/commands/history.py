"""`moor history`."""

import time
from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import count, environment
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show the ledger of an environment: every deployment, switch and rollback"
EXAMPLES = """
moor history local               the newest entries, newest first
moor history local --limit 100   more of them
moor history local --verify      and whether the ledger is whole: every entry seals the one before
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--verify", action="store_true", help="check the whole chain first")
    parser.add_argument("--limit", metavar="N", type=count, default=20, help="how many entries (default: 20)")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import ledger
    from mooring.report import history
    from mooring.timestamps import iso

    workspace = find(args)
    name = workspace.known(args.environment)
    with ledger(workspace, name) as opened:
        verified = opened.verify() if args.verify else None
        entries = [{**entry.data(), "at": iso(entry.at)} for entry in opened.entries(args.limit, name)]
    console.table(history.COLUMNS, history.rows(entries, time.time() if console.terminal else None))
    if verified is not None:
        console.line(f"{verified} entries, an unbroken chain", "green")
    return Outcome(Reason.REPORTED, {"environment": name, "verified": verified, "entries": entries})
