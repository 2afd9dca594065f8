"""`moor drift`."""

import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.drift.observe import Report
    from mooring.rollout.ledger import Ledger
    from mooring.targets.protocol import Target

SUMMARY = "Show where git, what was deployed and what runs differ, and put it right."
EXAMPLES = """
moor drift production                    against the default branch
moor drift production --against v1.4     against another commit
moor drift local --json | jq '.differences[].field'
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--against", metavar="REF", help="a commit (default: the default branch)")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.hotfix import expire
    from mooring.commands.running import actor, ledger, target
    from mooring.rollout.notes import SEEN

    workspace = find(args)
    name = workspace.known(args.environment)
    running = target(workspace, name)
    with ledger(workspace, name) as book:
        expire(running, book, console)
        report = look(workspace, name, args.against, running, book)
        remember(book, name, actor(), SEEN, [one.key for one in report.differences])
        return concluded(report, console)


def look(workspace: Workspace, name: str, ref: str | None, running: "Target", book: "Ledger") -> "Report":
    """The report, with the answers that git gives."""
    from mooring.operate.drift.observe import observe

    report = observe(workspace.root, name, ref, running, book)
    if not report.differences:
        return report
    from datetime import UTC, datetime

    from mooring.operate.drift.answers import answered, documents

    return answered(report, documents(workspace.root, report.git.commit), datetime.now(UTC))


def concluded(report: "Report", console: Console) -> Outcome:
    """Prints the report and returns the outcome of a look."""
    from mooring.report import drift

    data = report.data()
    drift.show(data, console, time.time())
    if not report.certain:
        return Outcome(Reason.UNKNOWN, data)
    if report.open:
        return Outcome(Reason.DRIFTED, data)
    return Outcome(Reason.TOLERATED if report.differences else Reason.IN_SYNC, data)


def remember(book: "Ledger", name: str, who: str, what: str, fields: list[str]) -> None:
    """Notes in the ledger what differs, unless its newest note says the same."""
    from mooring.rollout.notes import Noted, note, notes

    newest = next(iter(notes(book.entries(1000, name), what)), (0.0, frozenset[str]()))[1]
    if newest != frozenset(fields):
        note(book, name, who, Noted(time.time(), what, tuple(sorted(fields))))
