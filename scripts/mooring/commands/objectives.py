"""`moor objectives`."""

import os
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import FindingsError, Refused, Stopped, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.records import Records
    from mooring.spec import Objectives
    from mooring.state.records.holds import Hold
    from mooring.targets.protocol import Target

SUMMARY = "Render what an environment promises for Prometheus, Alertmanager and Grafana, or check whether it is kept."
EXAMPLES = """
moor objectives check local                  each objective, what is measured, and what is left of its error budget
moor objectives check production --json | jq '.objectives[] | select(.holds == false).name'
moor objectives render production            rules, routing and a dashboard, into the environment's state folder
moor objectives render production --out /etc/mooring/production --reload
moor objectives render production --check    exit 1 where what lies there is not what the documents say
"""


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    render = actions.add_parser(
        "render", parents=[shared()], help="write rules.yaml, alertmanager.yaml, dashboard.json"
    )
    environment(render)
    where = "where they go (default: `objectives` in the environment's state folder)"
    render.add_argument("--out", metavar="DIR", type=Path, help=where)
    render.add_argument("--check", action="store_true", help="write nothing, and fail where a file differs")
    render.add_argument("--reload", action="store_true", help="have the named Prometheus and Alertmanager read them")
    check = actions.add_parser("check", parents=[shared()], help="compare what is promised with live numbers")
    environment(check)


def run(args: Namespace, console: Console) -> Outcome:
    return _render(args, console) if args.action == "render" else _check(args, console)


def _render(args: Namespace, console: Console) -> Outcome:
    from mooring.operate.objectives.render import differing, render, write

    if args.check and args.reload:
        raise UsageError("--check changes nothing, so there is nothing to reload", "one of the two")
    workspace = find(args)
    name = workspace.known(args.environment)
    objectives = _documents(workspace, name)
    files, folder = render(name, objectives), args.out or workspace.of(name) / "objectives"
    data = {"environment": name, "folder": str(folder), "files": list(files)}
    if args.check:
        stale = differing(files, folder)
        for file in stale:
            console.line(f"{folder / file} is not what the documents say", "red")
        console.line("" if stale else f"{len(files)} files in {folder} are what the documents say", "green")
        return Outcome(Reason.STALE if stale else Reason.VALID, {**data, "stale": stale})
    changed = write(files, folder)
    for file in files:
        console.line(f"{'wrote' if file in changed else 'unchanged'} {folder / file}")
    _warn(objectives, console)
    reloaded = _reload(objectives, console) if args.reload else []
    return Outcome(Reason.CHANGED if changed else Reason.IN_SYNC, {**data, "changed": changed, "reloaded": reloaded})


def _warn(objectives: "Objectives", console: Console) -> None:
    """An alert that reaches nobody is said."""
    told = objectives.receivers
    severities = {one.severity for one in objectives.objectives} | {"ticket"}
    for severity, ways in (("page", told.page), ("ticket", told.ticket)):
        if severity in severities and not ways:
            console.line(f"nobody is told of a {severity}: name `receivers` in {objectives.name}", "yellow")


def _reload(objectives: "Objectives", console: Console) -> list[str]:
    """Addresses of the servers that read their files again. Failed(PROCESS) when one does not answer."""
    from mooring.operate.objectives.server import Asking

    servers = [server for server in (objectives.prometheus, objectives.alertmanager) if server]
    for server in servers:
        Asking.of(server, os.environ).reload()
        console.line(f"{server.url} reads them")
    if not servers:
        console.line("nothing to reload: the document names neither `prometheus` nor `alertmanager`")
    return [server.url for server in servers]


def _check(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target
    from mooring.operate.objectives.check import Prometheus, Slots, Source, judge
    from mooring.operate.objectives.sampled import Sampled
    from mooring.operate.records import Records
    from mooring.report.objectives import show
    from mooring.rollout.holds import until
    from mooring.rollout.state import SLOTS

    workspace = find(args)
    name = workspace.known(args.environment)
    running = target(workspace, name)
    objectives = _deployed(running) or _documents(workspace, name)
    records = Records(workspace.root, workspace.of(name), name)
    sources: list[Source] = [Sampled(records, objectives), Slots(running, SLOTS)]
    if objectives.prometheus is not None:
        sources.insert(0, Prometheus(name, objectives, os.environ))
    try:
        judged, silent = judge(name, objectives, sources), _silenced(records)
    finally:
        records.close()
    data = judged.data() | {"silence": silent.data() if silent else None}
    show(data, console)
    if silent and judged.reason is Reason.MISSED:
        why = f": {silent.reason}" if silent.reason else ""
        console.line(f"silenced until {until(silent)} by {silent.owner}{why}", "yellow")
        return Outcome(Reason.TOLERATED, data)
    return Outcome(judged.reason, data)


def _silenced(records: "Records") -> "Hold | None":
    """The silence of the environment's alerts; None also where nothing is on record."""
    from mooring.rollout.holds import silenced

    with suppress(Stopped):
        book = records.ledger()
        return silenced(book, records.environment) if book else None
    return None


def _deployed(running: "Target") -> "Objectives | None":
    """What the live release promises; None where nothing is live or it promises nothing."""
    with suppress(Stopped):
        release = running.live()
        return release.content.promised if release else None
    return None


def _documents(workspace: Workspace, name: str) -> "Objectives":
    """What the documents promise, read without those that promise nothing.

    Raises FindingsError, and Refused(EMPTY_SET) where nothing is promised.
    """
    from mooring.catalog.checks import CHECKS, check
    from mooring.catalog.load import load
    from mooring.catalog.source import Below
    from mooring.spec import FOLDERS, Environment, Objectives

    catalog, findings = load(Below(workspace.root, FOLDERS["Environment"], FOLDERS["Objectives"]))
    findings += check(catalog, [each for each in CHECKS if each.startswith(("objective-", "reference-objectives"))])
    if findings:
        raise FindingsError(findings)
    environment = catalog.get(Environment, name)
    promised = catalog.get(Objectives, environment.objectives) if environment and environment.objectives else None
    if promised is None:
        fix = "name an Objectives document in it: `objectives: NAME`; moor new objectives begins one"
        raise Refused(Reason.EMPTY_SET, f"{name} promises nothing", fix)
    return promised
