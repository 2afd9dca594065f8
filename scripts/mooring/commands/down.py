"""`moor down`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Stop an environment after its requests in flight are answered."
EXAMPLES = """
moor down            stop `local`
moor down staging    stop another one; what it served is still known, and `moor up` starts it again
"""


def add(parser: ArgumentParser) -> None:
    environment(parser, default="local")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target

    workspace = find(args)
    name = workspace.known(args.environment)
    stopped = target(workspace, name).down()
    console.line(f"{name} is down" if stopped else f"{name} was not running")
    return Outcome(Reason.CHANGED if stopped else Reason.IN_SYNC, {"environment": name})
