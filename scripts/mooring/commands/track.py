"""`moor track`."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, MooringError, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.repository.issues import Told
    from mooring.report.tracking import Ran
    from mooring.state.records.heartbeats import Late

SUMMARY = "Keep one issue for a scheduled job: opened, updated, and closed once it is well."
EXAMPLES = """
moor track drift production drift.txt --outcome failure    opens or updates the issue
moor track drift production drift.txt --outcome success    closes it, if it is open
"""
OUTCOMES = ("success", "failure", "cancelled", "skipped")
MOST = 1_000_000
"""Bytes of output that are read."""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("job", metavar="JOB", help="the job, by the name of its workflow")
    environment(parser)
    parser.add_argument("output", metavar="FILE", nargs="?", type=Path, help="what the job printed")
    parser.add_argument("--outcome", choices=OUTCOMES, required=True, help="how the job's step ended")


def run(args: Namespace, console: Console) -> Outcome:
    """The heartbeat is written whatever the repository's host says, and the issue whatever the database says."""
    from mooring.report.tracking import Ran

    _known(args.job)
    workspace = find(args)
    name = workspace.known(args.environment)
    ran = Ran(args.job, name, args.outcome, _read(args.output), time.time(), _page(os.environ))
    late, problems = _lateness(workspace, ran)
    told: dict[str, Told] = {}
    try:
        told = _report(ran, late)
    except MooringError as error:
        problems.append(error)
    if problem := _beat(workspace, ran, reported=bool(told)):
        problems.append(problem)
    _show(told, late, ran, console)
    if problems:
        raise Failed(Reason.PROCESS, "; ".join(map(str, problems)), problems[0].fix)
    return Outcome(Reason.REPORTED, _data(told, late, ran))


def _known(job: str) -> None:
    from mooring.catalog.nearest import suggestion
    from mooring.state.records.heartbeats import JOBS

    if job not in JOBS:
        raise UsageError(f"no scheduled job {job!r}{suggestion(job, JOBS)} (there are: {', '.join(JOBS)})")


def _read(file: Path | None) -> str:
    """What the job printed; a job that was cancelled has left nothing, or half of it."""
    if file is None or not file.is_file():
        return ""
    with file.open("rb") as opened:
        return opened.read(MOST).decode("utf-8", "replace")


def _page(environ: Mapping[str, str]) -> str:
    """The page of the workflow's run."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def _report(ran: "Ran", late: "list[Late]") -> "dict[str, Told]":
    """What was done about the issue of the job, and of each that is late, by job. Raises MooringError."""
    from mooring.operate.repository.github import GitHub
    from mooring.operate.repository.issues import close, keep
    from mooring.report import tracking

    github, body = GitHub.of(os.environ), tracking.body(ran, late)
    title = tracking.title(ran.job, ran.environment)
    told = {ran.job: close(github, body) if ran.outcome == "success" else keep(github, title, body)}
    for each in late:
        about = tracking.overdue(each, ran.environment, ran.at)
        told[each.job] = keep(github, tracking.title(each.job, ran.environment), about)
    return told


def _lateness(workspace: Workspace, ran: "Ran") -> "tuple[list[Late], list[MooringError]]":
    """Other jobs that are late, and why that cannot be said."""
    from mooring.commands.stored import stored
    from mooring.state.records import heartbeats

    try:
        with stored(workspace, ran.environment) as database:
            known = database.read(heartbeats.heartbeats) if database else []
    except MooringError as error:
        return [], [error]
    return [each for each in heartbeats.late(known, ran.at) if each.job != ran.job], []


def _beat(workspace: Workspace, ran: "Ran", *, reported: bool) -> MooringError | None:
    from mooring.commands.stored import stored
    from mooring.state.records.heartbeats import beat

    try:
        with stored(workspace, ran.environment, make=True) as database:
            if database:
                database.write(lambda connection: beat(connection, ran.job, ran.outcome, ran.at, reported=reported))
    except MooringError as error:
        return error
    return None


def _show(told: "dict[str, Told]", late: "list[Late]", ran: "Ran", console: Console) -> None:
    from mooring.report.tracking import words

    if ran.job in told:
        console.line(f"{ran.job}: {told[ran.job].said}")
    for each in late:
        said = f" ({told[each.job].said})" if each.job in told else ""
        console.line(f"{words(each, ran.at).replace('`', '')}{said}", "red")


def _data(told: "dict[str, Told]", late: "list[Late]", ran: "Ran") -> dict[str, Any]:
    one = told[ran.job]
    return {
        "job": ran.job,
        "environment": ran.environment,
        "outcome": ran.outcome,
        "issue": one.number,
        "said": one.said,
        "late": [{"job": each.job, "reported": each.reported, "issue": told[each.job].number} for each in late],
    }
