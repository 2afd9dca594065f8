"""`moor restart`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Restart one process of an environment; its release stays the same."
EXAMPLES = """
moor restart local               the slot that serves
moor restart local green         one slot
moor restart local supervisor    the supervisor; slots go on serving meanwhile
"""
PROCESSES = ("blue", "green", "supervisor")


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("process", nargs="?", metavar="PROCESS", choices=PROCESSES, help=", ".join(PROCESSES))


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target
    from mooring.targets.restarting import replace_process

    workspace = find(args)
    running = target(workspace, workspace.known(args.environment))
    with console.progress(f"restart {running.environment}") as notify:
        name = replace_process(running, args.process, notify)
    console.line(f"{name} is ready", "green")
    return Outcome(Reason.CHANGED, {"environment": running.environment, "process": name})
