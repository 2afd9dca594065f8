"""`moor chat`: a module of `chatting/` for each action."""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Protocol, cast

from mooring.outcome import Outcome
from mooring.report.console import Console

SUMMARY = "Say a chat command here; it is judged, asked and recorded as by any platform."
EXAMPLES = """
moor chat run "/agent status"                        the same words as in Slack, Feishu, Discord and GitHub
moor chat run "/智能体 状态" --environment production
moor chat run "/deploy rollback in production"       shows what it would do, and asks
moor chat run "/deploy rollback" --yes --json        asks nobody
moor chat run /help                                  every command
moor chat serve staging --listen 127.0.0.1:8090      hears platforms, where no supervisor does
moor chat github staging                             hears the comment that a workflow runs for
moor chat register staging                           tells Discord which commands there are
"""

ACTIONS = ("run", "serve", "github", "register")
"""In the order of `moor chat --help`."""


class Action(Protocol):
    """The interface of a module of `chatting/`. Heavy imports belong inside `run`."""

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
    return cast(Action, import_module(f"mooring.commands.chatting.{name}"))
