"""`moor history`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.place import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show what happened to an environment, from its ledger."
EXAMPLES = """
moor history local               the newest entries, newest first
moor history local --limit 100   more of them
moor history local --verify      and whether the ledger is whole: every entry seals the one before
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--verify", action="store_true", help="check the whole chain first")
    parser.add_argument("--limit", metavar="N", type=int, default=20, help="how many entries (default: 20)")


def run(args: Namespace, console: Console) -> Outcome:
    return Outcome(Reason.REPORTED)
