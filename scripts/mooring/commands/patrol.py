"""`moor patrol`."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, MooringError, Refused, Stopped
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.patrol.patrol import Before, Checked
    from mooring.operate.patrol.surroundings import Surroundings
    from mooring.release.release import Release
    from mooring.spec import Patrol
    from mooring.state.transactions import Transactions
    from mooring.targets.protocol import Target

SUMMARY = "Look at everything that an environment depends on, all at once."
EXAMPLES = """
moor patrol production                          every check of its Patrol document
moor patrol production --prometheus /var/lib/node-exporter/production.prom
moor patrol production --bisect                 which release broke what a canary asks, and its revert
moor patrol local --json | jq '.checks[] | select(.state != "ok")'
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--bisect", action="store_true", help="find the release that broke the cases of a canary")
    parser.add_argument("--prometheus", metavar="FILE", type=Path, help="also write a textfile for node_exporter")


def run(args: Namespace, console: Console) -> Outcome:
    """Done when nothing is in alarm or unknown: a warning is shown, and stops nobody.

    What cannot be kept is shown all the same, and then it is an error.
    """
    from mooring.commands.running import target
    from mooring.report import patrol as report

    workspace = find(args)
    name = workspace.known(args.environment)
    running = target(workspace, name)
    release, live = _release(workspace, name, running)
    document = _document(workspace, name, release, live=live)
    problems: list[MooringError] = []
    with ExitStack() as stack:
        database = _opened(stack, workspace, name, problems)
        around = _surroundings(workspace, release, running, database)
        if any(check.kind == "canary" for check in document.of(name)):
            _prepare(workspace, around, release, running)
        checked = _patrolled(document, around, problems)
        data = {"environment": name, "release": release.digest, "live": live}
        report.show({**data, "checks": [each.data() for each in checked]}, console, time.time())
        if args.prometheus:
            _export(args.prometheus, name, checked, around.now)
        if args.bisect:  # the last of all: it takes minutes, and whatever becomes of it, the patrol is told and kept
            checked = _bisected(workspace, running, release, around, checked, console, problems)
    data["checks"] = [each.data() for each in checked]
    if problems:
        raise Failed(Reason.STORAGE, f"what was seen cannot be kept: {problems[0]}", problems[0].fix)
    return Outcome(_reason([each.standing.state for each in checked]), data)


def _reason(states: Sequence[str]) -> Reason:
    if "alarm" in states:
        return Reason.ALARMED
    return Reason.UNKNOWN if "unknown" in states else Reason.REPORTED


def _release(workspace: Workspace, name: str, running: "Target") -> "tuple[Release, bool]":
    """The release that serves, whose checks nothing here can weaken; where none does, what the documents make."""
    from mooring.commands.target_state import documents

    live = running.live()
    return (live, True) if live is not None else (documents(workspace, name)[1], False)


def _document(workspace: Workspace, name: str, release: "Release", *, live: bool) -> "Patrol":
    """The Patrol document of a release. Refused(EMPTY_SET) where there is none, or no check of it is made of `name`."""
    documents = list(release.content.patrols.values())
    if not documents:
        written = live and _written(workspace, name)
        made = f"moor new patrol patrol, and `patrol: patrol` in configs/environments/{name}.yaml"
        who = f"the release that serves {name}" if live else name
        what = f"{who} names no Patrol document, so nothing would be looked at"
        raise Refused(Reason.EMPTY_SET, what, f"moor deploy {name}" if written else made)
    if not documents[0].of(name):
        what = f"no check of {documents[0].name} is made of {name}, so nothing would be looked at"
        raise Refused(Reason.EMPTY_SET, what, f"add one, or take `patrol` out of configs/environments/{name}.yaml")
    return documents[0]


def _written(workspace: Workspace, name: str) -> bool:
    """Whether the document here names a Patrol document, which was not deployed then."""
    from mooring.commands.database import document

    found = document(workspace, name)
    return found is not None and found.patrol is not None


def _opened(stack: ExitStack, workspace: Workspace, name: str, problems: list[MooringError]) -> "Transactions | None":
    from mooring.commands.stored import stored

    try:
        return stack.enter_context(stored(workspace, name, make=True))
    except MooringError as error:
        problems.append(error)
        return None


def _surroundings(
    workspace: Workspace, release: "Release", running: "Target", database: "Transactions | None"
) -> "Surroundings":
    from mooring.operate.patrol.surroundings import Surroundings

    status = running.status()
    return Surroundings(
        content=release.content,
        state=workspace.of(release.content.environment.name),
        environ=os.environ,
        now=time.time(),
        url=status.url if status.running else None,
        simulator=status.simulator if status.running else None,
        database=database,
    )


def _prepare(workspace: Workspace, around: "Surroundings", release: "Release", running: "Target") -> None:
    """What a canary needs: the suites of the commit that serves, and the live slot."""
    from mooring.commands.answering.bisect import suites

    try:
        around.suites = suites(workspace, around.environment, release)
    except MooringError as error:
        around.unloaded = f"{error}; {error.fix}" if error.fix else str(error)
    with suppress(Stopped):
        if running.facts().live:
            around.ask = lambda body, seconds: running.rehearse(_live_slot(running), body, seconds)


def _live_slot(running: "Target") -> str:
    """The slot that has the traffic now: a deployment during a patrol moves it. Failed(NOT_RUNNING)."""
    live = running.facts().live
    if live is None:
        raise Failed(Reason.NOT_RUNNING, f"no release serves {running.environment}", f"moor up {running.environment}")
    return live.slot


def _bisected(
    workspace: Workspace,
    running: "Target",
    release: "Release",
    around: "Surroundings",
    checked: "list[Checked]",
    console: Console,
    problems: list[MooringError],
) -> "list[Checked]":
    """The checks with what a bisection finds out, each kept in a transaction of its own."""
    from mooring.commands.answering.bisect import noted
    from mooring.commands.database import failed
    from mooring.state.records import patrols
    from mooring.state.unavailable import Unavailable

    def keep(each: "Checked") -> None:
        check, since, note = each.last.check, each.standing.since, each.note
        try:
            if around.database is not None:
                around.database.write(lambda connection: patrols.annotate(connection, check, since, note))
        except Unavailable as error:
            problems.append(failed(around.environment, error))

    if not any(each.last.kind == "canary" and each.standing.state == "alarm" for each in checked):
        console.line("nothing to bisect: no case of a canary is in alarm", "dim")
        return checked
    return noted(workspace, running, release, around.suites, checked, console, keep)


def _patrolled(document: "Patrol", around: "Surroundings", problems: list[MooringError]) -> "list[Checked]":
    """Looks at everything, and keeps what was seen."""
    from mooring.commands.database import failed
    from mooring.operate.patrol.keeping import keep, known, local
    from mooring.operate.patrol.patrol import longest, patrol
    from mooring.state.running_folder import folder
    from mooring.state.unavailable import Unavailable

    before: dict[str, Before] = {}
    kept, machine, own = around.database, folder(around.state), local(document.of(around.environment))
    try:
        if kept is not None:
            before = kept.read(lambda connection: known(connection, longest(document), machine, own))
    except Unavailable as error:
        problems.append(failed(around.environment, error))
        kept = None
    checked, now = patrol(document, around, before), time.time()
    canaries = [check.name for check in document.of(around.environment) if check.kind == "canary"]
    unlisted = canaries if around.unloaded else []
    try:
        if kept is not None:
            kept.write(lambda connection: keep(connection, checked, document.keep_days, now, unlisted, machine, own))
    except Unavailable as error:
        problems.append(failed(around.environment, error))
    return checked


def _export(path: Path, name: str, checked: "Sequence[Checked]", now: float) -> None:
    from mooring.operate.patrol import textfile
    from mooring.operate.patrol.keeping import row

    textfile.write(path, name, [row(each) for each in checked], now)
