"""Verbs that are a family of actions: each is a module of a folder beside the verb's."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from mooring.outcome import Outcome
from mooring.report.console import Console


class Action(Protocol):
    """The interface of such a module. Heavy imports belong inside `run`."""

    SUMMARY: str

    def add(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace, console: Console) -> Outcome: ...


class Actions:
    """Those of a `folder`, in the order of `--help`."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self._folder, self._names = folder, names

    def add(self, parser: ArgumentParser) -> None:
        """To the parser of the verb."""
        from mooring.commands.parser import shared

        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        for name in self._names:
            module = self._module(name)
            summary = f"{module.SUMMARY[0].lower()}{module.SUMMARY[1:].rstrip('.')}"
            module.add(actions.add_parser(name, parents=[shared()], help=summary, description=module.SUMMARY))

    def run(self, args: Namespace, console: Console) -> Outcome:
        """What the action does."""
        return self._module(args.action).run(args, console)

    def _module(self, name: str) -> Action:
        return cast(Action, import_module(f"mooring.commands.{self._folder}.{name}"))
