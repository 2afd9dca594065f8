"""`moor status`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.place import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show what stands in the slots, what serves, and who holds the lease."
EXAMPLES = """
moor status           every environment
moor status local     one
moor status --json | jq '.environments[].live'
"""


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.steps import target

    place = find(args)
    names = [place.known(name) for name in args.environment] or place.environments()
    found = [target(place, name).status().data() for name in names]
    return Outcome(Reason.REPORTED, {"environments": found})
