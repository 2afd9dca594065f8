"""`moor logs`."""

import os
import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mooring.commands.arguments import count, environment
from mooring.commands.workspace import find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.targets.local.target import Local

SUMMARY = "Print the logs of an environment's processes."
EXAMPLES = """
moor logs local                     the slot that serves
moor logs local green --lines 200   more of one process
moor logs local supervisor --follow   until Ctrl-C
"""
LOOK = 0.2
"""Seconds between two reads of a followed log."""

PROCESSES = ("blue", "green", "supervisor", "simulator")


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("process", nargs="?", metavar="PROCESS", choices=PROCESSES, help=", ".join(PROCESSES))
    parser.add_argument("--lines", metavar="N", type=count, default=50, help="how many of the newest (default: 50)")
    parser.add_argument("--follow", action="store_true", help="print new lines until Ctrl-C")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target

    if args.follow and args.json:
        raise UsageError("--follow has no end, and --json prints one object at the end")
    workspace = find(args)
    local = target(workspace, workspace.known(args.environment))
    name = args.process or _serving(local)
    if args.follow:
        with suppress(KeyboardInterrupt):
            _follow(local.state / f"{name}.log", args.lines, console)
    lines = [] if args.follow else local.logs(name, args.lines)
    for line in lines:
        console.line(line)
    if not lines and not args.follow:
        console.note(f"{name} wrote nothing yet")
    return Outcome(Reason.REPORTED, {"environment": local.environment, "process": name, "lines": lines})


def _serving(local: "Local") -> str:
    """The slot that has the traffic; when none has, the supervisor, whose log says why."""
    with suppress(Failed):
        live = local.facts().live
        return live.slot if live else "supervisor"
    return "supervisor"


def _follow(path: Path, lines: int, console: Console) -> None:
    """Prints the newest lines and every added one, until Ctrl-C. Follows the name through log rotation."""
    log = _open(path)
    text = "".join(log.readlines()[-lines:])
    while True:
        if text:
            console.emit(text)
        time.sleep(LOOK)
        text = log.read()
        if not text and path.exists() and not os.path.samestat(os.fstat(log.fileno()), path.stat()):
            log.close()
            log = _open(path)


def _open(path: Path) -> TextIO:
    """Opens the log, waiting until it exists."""
    while not path.exists():
        time.sleep(LOOK)
    return path.open(encoding="utf-8", errors="replace")
