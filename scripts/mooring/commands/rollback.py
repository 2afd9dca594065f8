"""`moor rollback`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import complete, digests, environment
from mooring.commands.place import find
from mooring.outcome import Outcome
from mooring.report.console import Console

SUMMARY = "Go back to the release before, at once; the one left behind is quarantined and reverted in git."
EXAMPLES = """
moor rollback local                        a flip to the warm standby
moor rollback production --to sha256:1a2b  an earlier release, by its digest or the beginning of it
moor rollback local --no-writeback         leave git alone: no revert branch
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    to = parser.add_argument("--to", metavar="DIGEST", help="an earlier release instead of the one before")
    complete(to, digests)
    parser.add_argument("--no-writeback", action="store_true", help="make no revert branch in git")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.rolling import rollback

    place = find(args)
    return rollback(place, place.known(args.environment), console, to=args.to, writeback=not args.no_writeback)
