"""The table of verbs, the only list of them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from keyword import iskeyword
from typing import Protocol, cast

from mooring.outcome import Outcome
from mooring.report.console import Console

GROUPS = {
    "Start": ("init", "new"),
    "Documents": ("validate", "bump", "schema"),
    "Changes": ("plan", "preview", "eval", "drill", "comment", "release", "render"),
    "Template": ("upgrade", "locks"),
    "Deployment": ("up", "deploy", "rollback", "revert", "hotfix", "drift", "patrol", "track", "restart", "down"),
    "Access": ("keys", "memory"),
    "Inspection": ("doctor", "models", "talk", "status", "why", "objectives", "history", "logs"),
    "Chat": ("chat",),
    "State": ("state",),
    "Faults": ("simulate",),
    "Exchange": ("import", "export"),
    "Shell": ("completion",),
}
"""Verbs by purpose, in the order in which a newcomer needs them."""

VERBS = tuple(verb for verbs in GROUPS.values() for verb in verbs)


ACTIONS = {"drill": ("tune", "record")}
"""Of verbs that take names too, or nothing: words with arguments of their own, each a module of `<verb>ing/`."""

ALL = (*VERBS, *(f"{verb} {action}" for verb, actions in ACTIONS.items() for action in actions))
"""Everything that has a module."""


class Verb(Protocol):
    """The interface of a command module. Heavy imports belong inside `run`."""

    SUMMARY: str
    EXAMPLES: str

    def add(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace, console: Console) -> Outcome: ...


def verb(name: str) -> Verb:
    """The module of a verb, or of an action of one: `drill tune`.

    A Python keyword such as `import` gets a trailing underscore.
    """
    word, _, action = name.partition(" ")
    module = f"{word}ing.{action}" if action else f"{word}{'_' * iskeyword(word)}"
    return cast(Verb, import_module(f"mooring.commands.{module}"))


def joined(arguments: Sequence[str]) -> list[str]:
    """A command line in which a verb and its action are one word."""
    words = list(arguments)
    for place, (word, following) in enumerate(pairwise(words)):
        if following in ACTIONS.get(word, ()):
            return [*words[:place], f"{word} {following}", *words[place + 2 :]]
        if word in VERBS:
            break
    return words
