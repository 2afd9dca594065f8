"""`moor restart`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.place import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Start a process of an environment anew, with the release it has."
EXAMPLES = """
moor restart local               the slot that serves
moor restart local green         one slot
moor restart local supervisor    the supervisor; slots go on serving meanwhile
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("process", nargs="?", metavar="PROCESS", choices=("blue", "green", "supervisor"))


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.steps import target

    place = find(args)
    name = place.known(args.environment)
    return Outcome(Reason.CHANGED, {"environment": name, "process": args.process})
