"""`moor status`."""

import time
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack, closing

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show both slots, which one serves and how healthy it is, and who holds the lease."
EXAMPLES = """
moor status           every environment
moor status local     one
moor status local --watch    refresh every second until Ctrl-C
moor status --json | jq '.environments[].live'
"""

EVERY = 1.0
"""Seconds between two refreshes of `--watch`."""


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)
    parser.add_argument("--watch", action="store_true", help="refresh every second until Ctrl-C")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target
    from mooring.operate.records import Records
    from mooring.operate.status import status
    from mooring.report.status import show

    if args.watch and args.json:
        raise UsageError("--json prints one object, so it cannot watch", fix="moor status --json")
    workspace = find(args)
    names = [workspace.known(name) for name in args.environment] or workspace.environments()
    with ExitStack() as opened:
        kept = {
            name: opened.enter_context(closing(Records(workspace.root, workspace.of(name), name))) for name in names
        }
        while True:
            found = [status(target(workspace, name), records) for name, records in kept.items()]
            if args.watch:
                console.next_frame()
            for number, data in enumerate(found):
                if number:
                    console.line()
                show(data, console, time.time())
            if not args.watch:
                return Outcome(Reason.REPORTED, {"environments": found})
            time.sleep(EVERY)
