"""What the actions have in common: how their answers begin, who acts, and the ledger they act by."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from mooring.chat.action import Context, Preview
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Command
from mooring.errors import UsageError
from mooring.rollout.ledger import Ledger


def done(command: Command, context: Context, title: str, **more: Any) -> Answer:
    """The final answer to a command."""
    return Answer(Stage.DONE, title, who=context.person, language=command.language, **more)


def asks(command: Command, context: Context, title: str, *named: str | None, **more: Any) -> Preview:
    """A preview, whose digest is of what is `named` and of the command."""
    of = "\0".join([command.name, context.environment, *(each or "" for each in named)])
    answer = Answer(Stage.ASKS, title, who=context.person, language=command.language, **more)
    return Preview(answer, f"sha256:{sha256(of.encode()).hexdigest()}")


def actor(context: Context) -> str:
    """Who acts, for the ledger: the person and the door. A name that says where it is from, is one by itself."""
    return context.person if "@" in context.person else f"{context.person}@{context.platform}"


def has_repository(context: Context) -> bool:
    """Whether the documents in git are at hand; the keeper of a cluster has none."""
    return (context.root / ".git").exists()


def capped(minutes: str | None, most: int, otherwise: int) -> int:
    """The minutes that were said, or those that are meant otherwise. UsageError where they are more than may be."""
    wanted = int(minutes) if minutes else otherwise
    if wanted > most:
        raise UsageError(f"{wanted} minutes are too long: {most} at most", "the caps are in the Chat document")
    return wanted


@contextmanager
def ledger(context: Context) -> Iterator[Ledger]:
    """The ledger of the environment, as patient as the command line's, closed at the end."""
    opened = Ledger.of(context.root, context.environment, context.records.state, os.environ)
    try:
        yield opened
    finally:
        opened.close()
