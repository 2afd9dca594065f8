"""`moor logs`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import count, environment
from mooring.commands.place import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Print the logs of an environment's processes."
EXAMPLES = """
moor logs local                     the slot that serves
moor logs local green --lines 200   more of one process
moor logs local supervisor --follow   until Ctrl-C
"""
PROCESSES = ("blue", "green", "supervisor", "simulator")


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("process", nargs="?", metavar="PROCESS", choices=PROCESSES, help=", ".join(PROCESSES))
    parser.add_argument("--lines", metavar="N", type=count, default=50, help="how many of the newest (default: 50)")
    parser.add_argument("--follow", action="store_true", help="go on printing what is added")


def run(args: Namespace, console: Console) -> Outcome:
    return Outcome(Reason.REPORTED)
