"""`moor state`: a module of `states/` for each action."""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Protocol, cast

from mooring.outcome import Outcome
from mooring.report.console import Console

SUMMARY = "Show, move, export and restore what an environment keeps."
EXAMPLES = """
moor state show                          where each environment keeps its state, and whether that is fit for it
moor state show production --json
moor state move production --to env:STATE_URL    to the PostgreSQL that this variable names, while it serves
moor state move production --to sqlite           and back to a file in its state folder
moor state export production             a consistent copy to the destination, while it serves
moor state list production               what copies there are, and which were verified
moor state verify production             restore them into a scratch database, and let a conversation go on
moor state restore production --dry-run  what a restore would do
moor state prune production --dry-run    what is old enough to go
"""

ACTIONS = ("show", "move", "export", "list", "verify", "restore", "prune")
"""In the order of `moor state --help`."""


class Action(Protocol):
    """The interface of a module of `states/`. Heavy imports belong inside `run`."""

    SUMMARY: str

    def add(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace, console: Console) -> Outcome: ...


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name in ACTIONS:
        module = _module(name)
        summary = f"{module.SUMMARY[0].lower()}{module.SUMMARY[1:].rstrip('.')}"
        module.add(actions.add_parser(name, parents=[shared()], help=summary, description=module.SUMMARY))


def run(args: Namespace, console: Console) -> Outcome:
    return _module(args.action).run(args, console)


def _module(name: str) -> Action:
    return cast(Action, import_module(f"mooring.commands.states.{name}"))
