"""`moor revert`."""

import os
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import Failed
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.repository.reverting import Settled

SUMMARY = "Keep the pull request that reverts what was taken back: opened once, closed when overtaken"
EXAMPLES = """
moor revert production           after any rollback; again, it changes nothing
moor revert local                without a remote: the branch alone
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)


def run(args: Namespace, console: Console) -> Outcome:
    """Traffic and the ledger stay as they are."""
    from mooring.commands.running import ledger
    from mooring.operate.repository.github import host
    from mooring.operate.repository.reverting import settle

    workspace = find(args)
    name = workspace.known(args.environment)
    with ledger(workspace, name) as book:
        found = settle(workspace.root, book, name, host(os.environ))
    _show(found, console)
    if found.problems:
        raise Failed(Reason.PROCESS, "; ".join(found.problems), "start them by hand, or give the job actions: write")
    return Outcome(Reason.CHANGED if found.branch else Reason.REPORTED, asdict(found))


def _show(found: "Settled", console: Console) -> None:
    for number in found.closed:
        console.line(f"closed #{number}: it is overtaken")
    if found.branch is None:
        console.line(f"no revert in git: {found.reason}")
        return
    where = "pushed" if found.pushed else "only here: there is no remote"
    told = found.said or "no pull request: GITHUB_REPOSITORY and GH_TOKEN say where and as whom"
    console.line(f"git: branch {found.branch} ({where}) holds the revert; {told}")
