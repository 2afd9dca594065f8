"""`moor logs`."""

from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import TYPE_CHECKING

from mooring.commands.arguments import count, environment
from mooring.commands.workspace import find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.targets.protocol import Target

SUMMARY = "Print the logs of an environment's processes."
EXAMPLES = """
moor logs local                     the slot that serves
moor logs local green --lines 200   more of one process
moor logs local supervisor --follow   until Ctrl-C
"""
PROCESSES = ("blue", "green", "supervisor", "simulator", "model", "exporter", "monitor", "chat", "keeper")


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
    running = target(workspace, workspace.known(args.environment))
    name = args.process or _serving(running)
    if args.follow:
        with suppress(KeyboardInterrupt):
            for text in running.follow(name, args.lines):
                console.emit(text)
    lines = [] if args.follow else running.logs(name, args.lines)
    for line in lines:
        console.line(line)
    if not lines and not args.follow:
        console.note(f"{name} wrote nothing yet")
    return Outcome(Reason.REPORTED, {"environment": running.environment, "process": name, "lines": lines})


def _serving(running: "Target") -> str:
    """The slot that has the traffic; when none has, the supervisor, whose log says why."""
    with suppress(Failed):
        live = running.facts().live
        return live.slot if live else "supervisor"
    return "supervisor"
