"""The table of verbs: the only place that lists them."""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Protocol, cast

from mooring.outcome import Outcome
from mooring.report.console import Console

GROUPS = {
    "Documents": ("validate", "bump", "schema"),
    "Changes": ("plan", "release"),
    "Going out": ("up", "deploy", "rollback", "restart", "down"),
    "Looking": ("status", "history", "logs"),
    "Breaking": ("simulate",),
    "Shell": ("completion",),
}
"""Verbs by purpose, in the order a newcomer meets them."""

VERBS = tuple(verb for verbs in GROUPS.values() for verb in verbs)


class Verb(Protocol):
    """What a module of this package offers. Heavy imports wait until `run`."""

    SUMMARY: str
    EXAMPLES: str

    def add(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace, console: Console) -> Outcome: ...


def verb(name: str) -> Verb:
    return cast(Verb, import_module(f"mooring.commands.{name}"))
