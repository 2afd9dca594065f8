"""`moor rollback`."""

import os
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import Any

from mooring.commands.arguments import complete, digests, environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, MooringError
from mooring.outcome import Outcome, Reason
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
    from mooring.commands import doors
    from mooring.commands.running import actor, done, ledger, target, tell_git
    from mooring.rollout import driver

    workspace = find(args)
    name = workspace.known(args.environment)
    running = target(workspace, name)
    to = None if args.to is None else running.find(args.to)
    with ledger(workspace, name) as book:
        way = to or next(iter(reversed(book.state(name).trail[:-1])), "")
        with suppress(Failed):  # where nothing runs, nothing is warm; the rollback starts it
            doors.passable(running, book, workspace, way)
        with console.progress(f"roll back {name}") as notify:
            receipt = driver.rollback(running, book, actor(), notify, to=to)
        outcome = done(receipt, console)
        told = {} if args.no_writeback else tell_git(workspace, book, name, f"Rolled back by {actor()}.", console)
    proposed = _propose(workspace, name, told.get("revert", {}), console)
    return Outcome(outcome.reason, {**outcome.data, **told, **proposed})


def _propose(workspace: Workspace, name: str, revert: dict[str, Any], console: Console) -> dict[str, Any]:
    """The pull request with the revert, in a workflow; elsewhere the branch is left to who rolls back.

    Failed(PROCESS) where the host does not take it, for git says then what does not run.
    """
    if not revert.get("branch") or not os.environ.get("GITHUB_REPOSITORY"):
        return {}
    from mooring.operate.repository.github import GitHub
    from mooring.operate.repository.proposal import propose

    try:
        made = propose(workspace.root, GitHub.of(os.environ), revert["branch"], revert["commit"])
    except MooringError as error:
        message = f"{name} is rolled back, but git was not told: {error}"
        raise Failed(Reason.PROCESS, message, f"push {revert['branch']} and open its pull request") from None
    console.line(made.said)
    return {"pull_request": made.pull_request}
