"""`moor preview`."""

import signal
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.preview.record import Preview

SUMMARY = "Serve what a branch would make of an environment, beside what is live, until its time is over."
EXAMPLES = """
moor preview staging --ref origin/shorter-answers            on a port of its own, until Ctrl-C or an hour has passed
moor preview staging --ref origin/shorter-answers --for 4h --detach
moor preview staging --list                                  which there are, and until when
moor preview staging --end 1a2b3c4d-00017                    one of them, at once
"""
COLUMNS = ("ID", "REF", "COMMIT", "URL", "OWNER", "UNTIL")
LONGEST = 24 * 3600.0
"""Seconds that a preview may last."""

STARTING = 180.0
"""Seconds to wait for one that starts apart from this process."""


def add(parser: ArgumentParser) -> None:
    from mooring.commands.hotfix import span

    environment(parser)
    parser.add_argument("--ref", metavar="REF", default="HEAD", help="a branch of this repository (default: HEAD)")
    parser.add_argument(
        "--for", dest="seconds", metavar="TIME", type=span, default=3600.0, help="30m or 4h; 24h at most"
    )
    parser.add_argument("--detach", action="store_true", help="return once it serves; it goes on by itself")
    parser.add_argument("--list", action="store_true", help="show which previews there are")
    parser.add_argument("--end", metavar="ID", help="end one")


def run(args: Namespace, console: Console) -> Outcome:
    workspace = find(args)
    name = workspace.known(args.environment)
    if args.list:
        return _listed(workspace, name, console)
    if args.end:
        return _end(workspace, name, args.end, console)
    if args.seconds > LONGEST:
        raise UsageError(f"a preview lasts {LONGEST / 3600:.0f} h at most", "moor preview ENV --for 4h")
    return _detached(workspace, name, args, console) if args.detach else _served(workspace, name, args, console)


def _served(workspace: Workspace, name: str, args: Namespace, console: Console) -> Outcome:
    """Here, until it ends."""
    from mooring.commands.running import actor
    from mooring.operate.preview.preview import preview
    from mooring.targets import table

    ended, serving = threading.Event(), threading.Event()

    def end(_number: int, _frame: object) -> None:
        ended.set()
        if not serving.is_set():
            raise KeyboardInterrupt

    def opened(made: "Preview") -> None:
        serving.set()
        _tell(made, console)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    state = workspace.of(name)
    made = preview(
        workspace.root, state, name, args.ref, actor(), args.seconds, table.target, console.note, opened, ended
    )
    console.line(f"the preview of {args.ref} has ended, and nothing of it is left")
    return Outcome(Reason.CHANGED, made.data())


def _detached(workspace: Workspace, name: str, args: Namespace, console: Console) -> Outcome:
    """In a process of its own, whose first words are in a log."""
    from mooring import private
    from mooring.operate.preview import record

    state = workspace.of(name)
    log = private.file(state / record.FOLDER / "newest.log")
    command = [sys.executable, "-m", "mooring", "-C", str(workspace.root), "preview", name, "--ref", args.ref]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--for", f"{args.seconds / 60:.0f}m"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    end = time.monotonic() + STARTING
    while process.poll() is None and time.monotonic() < end:
        for made in record.every(state):
            if made.pid == process.pid:
                _tell(made, console)
                return Outcome(Reason.CHANGED, made.data())
        time.sleep(0.2)
    with suppress(ProcessLookupError):
        process.terminate()
    raise Failed(Reason.PROCESS, f"the preview did not start: {_last(log)}", f"moor preview {name} --ref {args.ref}")


def _last(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "error:" in line), lines[-1] if lines else "it said nothing")


def _tell(made: "Preview", console: Console) -> None:
    from mooring.timestamps import iso

    console.line(
        f"{made.ref} is served at {made.url} until {iso(made.until)}, with simulated models and services", "green"
    )
    console.line(f"moor preview ENV --end {made.id}")


def _listed(workspace: Workspace, name: str, console: Console) -> Outcome:
    from mooring.operate.preview import record

    found = [made.data() for made in record.every(workspace.of(name))]
    if found:
        console.table(COLUMNS, [[str(made[column.lower()])[:40] for column in COLUMNS] for made in found])
    else:
        console.line(f"no preview of {name} is served")
    return Outcome(Reason.REPORTED, {"environment": name, "previews": found})


def _end(workspace: Workspace, name: str, wanted: str, console: Console) -> Outcome:
    from mooring.operate.preview import record

    there = {made.id: made for made in record.every(workspace.of(name))}
    if wanted not in there:
        known = ", ".join(there) or "none"
        raise UsageError(f"no preview {wanted} of {name} is served (there are: {known})", f"moor preview {name} --list")
    if not record.end(there[wanted]):
        raise Failed(Reason.DEADLINE, f"the preview {wanted} does not end", f"kill {there[wanted].pid}")
    console.line(f"the preview of {there[wanted].ref} has ended", "green")
    return Outcome(Reason.CHANGED, there[wanted].data())
