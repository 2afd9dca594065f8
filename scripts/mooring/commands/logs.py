"""`moor logs`."""

import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import count, environment
from mooring.commands.place import find
from mooring.errors import Failed
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
PROCESSES = ("blue", "green", "supervisor", "simulator")


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("process", nargs="?", metavar="PROCESS", choices=PROCESSES, help=", ".join(PROCESSES))
    parser.add_argument("--lines", metavar="N", type=count, default=50, help="how many of the newest (default: 50)")
    parser.add_argument("--follow", action="store_true", help="go on printing what is added")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target

    place = find(args)
    local = target(place, place.known(args.environment))
    name = args.process or _serving(local)
    lines = local.logs(name, args.lines)
    for line in lines:
        console.line(line)
    if args.follow:
        _follow(local.state / f"{name}.log", console)
    elif not lines:
        console.note(f"{name} wrote nothing yet")
    return Outcome(Reason.REPORTED, {"environment": local.environment, "process": name, "lines": lines})


def _serving(local: "Local") -> str:
    """The slot that has the traffic; the supervisor, which knows why, when none has."""
    with suppress(Failed):
        live = local.facts().live
        return live.slot if live else "supervisor"
    return "supervisor"


def _follow(path: Path, console: Console) -> None:
    """Prints what is added, until Ctrl-C. A log that was moved away is followed in its new file."""
    end = path.stat().st_size if path.exists() else 0
    while True:
        size = path.stat().st_size if path.exists() else 0
        if size != end:
            with path.open(encoding="utf-8", errors="replace") as log:
                log.seek(end if size > end else 0)
                console.emit(log.read())
            end = size
        time.sleep(0.2)
