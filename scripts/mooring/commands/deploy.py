"""`moor deploy`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.place import find
from mooring.outcome import Outcome
from mooring.report.console import Console

SUMMARY = "Take a release out, blue-green: stage, probe, switch, bake; any failure leaves the old one serving."
EXAMPLES = """
moor deploy local                            what the documents here make
moor deploy production --plan sha256:1a2b…   exactly the plan that was reviewed, or nothing
moor deploy staging --allow-dirty            uncommitted documents, when it cannot wait
git revert HEAD && moor deploy local         back: the release that is still warm, by a flip
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--plan", metavar="DIGEST", help="refuse unless this is the plan's digest")
    parser.add_argument("--allow-dirty", action="store_true", help="also take out what is not committed")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.rolling import deploy

    return deploy(find(args), args.environment, console, plan_digest=args.plan, allow_dirty=args.allow_dirty)
