"""`moor rollback`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import complete, digests, environment
from mooring.commands.workspace import find
from mooring.outcome import Outcome
from mooring.report.console import Console

SUMMARY = "Switch back to the previous release at once; quarantine the bad one and revert it in git."
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
    from mooring.commands.running import actor, done, ledger, target, tell_git
    from mooring.rollout.back import roll_back

    workspace = find(args)
    name = workspace.known(args.environment)
    running = target(workspace, name)
    to = None if args.to is None else running.find(args.to)
    with ledger(workspace, name) as book:
        with console.progress(f"roll back {name}") as notify:
            receipt = roll_back(running, book, workspace.of(name), actor(), notify, to)
        outcome = done(receipt, console)
        told = {} if args.no_writeback else tell_git(workspace, book, name, f"Rolled back by {actor()}.", console)
    return Outcome(outcome.reason, {**outcome.data, **told})
