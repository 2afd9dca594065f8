"""The table of verbs, the only list of them."""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from keyword import iskeyword
from typing import Protocol, cast

from mooring.outcome import Outcome
from mooring.report.console import Console

GROUPS = {
    "Start": ("init", "new"),
    "Documents": ("validate", "bump", "schema"),
    "Changes": ("plan", "eval", "drill", "comment", "release"),
    "Template": ("upgrade",),
    "Deployment": ("up", "deploy", "rollback", "hotfix", "drift", "patrol", "track", "restart", "down"),
    "Access": ("keys", "memory"),
    "Inspection": ("talk", "status", "why", "objectives", "history", "logs"),
    "State": ("state",),
    "Faults": ("simulate",),
    "Exchange": ("import", "export"),
    "Shell": ("completion",),
}
"""Verbs by purpose, in the order in which a newcomer needs them."""

VERBS = tuple(verb for verbs in GROUPS.values() for verb in verbs)


class Verb(Protocol):
    """The interface of a command module. Heavy imports belong inside `run`."""

    SUMMARY: str
    EXAMPLES: str

    def add(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace, console: Console) -> Outcome: ...


def verb(name: str) -> Verb:
    """The module of a verb; a Python keyword such as `import` gets a trailing underscore."""
    return cast(Verb, import_module(f"mooring.commands.{name}{'_' * iskeyword(name)}"))
