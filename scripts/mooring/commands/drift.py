"""`moor drift`."""

import os
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import dollars, environment
from mooring.commands.workspace import Workspace, find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.drift.difference import Difference
    from mooring.operate.drift.observe import Report
    from mooring.rollout.ledger import Ledger
    from mooring.targets.protocol import Target

SUMMARY = "Show where git, what was deployed and what runs differ, and put it right."
EXAMPLES = """
moor drift production                    against the default branch
moor drift production --against v1.4     against another commit
moor drift production --heal             deploy git's release where somebody changed what runs
moor drift production --adopt            propose what runs to git, as one pull request
moor drift production --answer           heal and adopt what configs/operations/drift.yaml says so of
moor drift production --behaviour --budget 1   ask it its suites again: are answers as good as they were?
moor drift local --json | jq '.differences[].field'
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--against", metavar="REF", help="a commit (default: the default branch)")
    parser.add_argument("--budget", metavar="USD", type=dollars, help="most that --behaviour may cost")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--heal", action="store_true", help="deploy git's release, unless something is tolerated")
    what.add_argument("--adopt", action="store_true", help="propose to git what runs and is not tolerated")
    what.add_argument("--answer", action="store_true", help="do what configs/operations/drift.yaml says of each field")
    what.add_argument("--behaviour", action="store_true", help="ask the live agents their suites, and compare")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.hotfix import expire
    from mooring.commands.running import actor, ledger, target
    from mooring.operate.drift.look import look, remember
    from mooring.rollout.notes import SEEN

    workspace = find(args)
    name = workspace.known(args.environment)
    running = target(workspace, name)
    with ledger(workspace, name) as book:
        expire(running, book, console)
        if args.behaviour:
            from mooring.commands.answering.behaviour import behaviour

            return behaviour(workspace, running, book, args.budget, console)
        report = look(workspace.root, name, args.against, running, book, os.environ)
        remember(book, name, actor(), SEEN, [one.key for one in report.differences])
        outcome = concluded(report, console)
        if not (args.heal or args.adopt or args.answer) or report.unknown:
            return outcome
        done = _answered(args, workspace, report, running, book, console)
        if done.get("healed"):
            report = look(workspace.root, name, args.against, running, book, os.environ)
            remember(book, name, actor(), SEEN, [one.key for one in report.differences])
            outcome = concluded(report, console)
        return Outcome(_reason(report, done, outcome.reason), {**report.data(), **done})


def _answered(
    args: Namespace, workspace: Workspace, report: "Report", running: "Target", book: "Ledger", console: Console
) -> dict[str, Any]:
    """Does what was asked for: `healed` and `adopted` are the fields of which that was done."""
    from mooring.commands.answering.adopt import adopt, withdraw
    from mooring.commands.answering.heal import heal, healable
    from mooring.operate.drift.adoption import adoptable

    done: dict[str, Any] = {}
    if args.adopt or args.answer:
        wanted = tuple(one for one in adoptable(report) if _chosen(one, "adopt", asked=args.adopt))
        told = adopt(workspace, report, wanted, console) if wanted else withdraw(workspace, report.environment, console)
        refused = {one["field"] for one in told.get("refused", ())}
        done |= {**told, "adopted": [one.field for one in wanted if one.field not in refused]}
    if args.heal or args.answer:
        wanted_back = [one for one in healable(report) if _chosen(one, "heal", asked=args.heal)]
        if wanted_back:
            heal(workspace, report, wanted_back, running, book, console)
        done["healed"] = [one.field for one in wanted_back]
    return done


def _chosen(one: "Difference", what: str, *, asked: bool) -> bool:
    """Whether a difference is answered so: by the flag, unless it is tolerated, or by what git says."""
    return one.answer.what == what or (asked and one.answer.what != "tolerate")


def _reason(report: "Report", done: dict[str, Any], reason: Reason) -> Reason:
    """CHANGED when nothing is left that was neither healed nor adopted nor tolerated."""
    if not report.certain:
        return Reason.UNKNOWN
    adopted = done.get("adopted", [])
    left = [one for one in report.open if one.field not in adopted]
    if left:
        return Reason.DRIFTED
    return Reason.CHANGED if adopted or done.get("healed") else reason


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
