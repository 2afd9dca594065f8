"""What a command does: a look, or a change that says first what it would do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language

if TYPE_CHECKING:
    from pathlib import Path

    from mooring.operate.records import Records
    from mooring.spec.chat import Chat
    from mooring.targets.protocol import Target


@dataclass(frozen=True)
class Context:
    """Where a command is carried out. `person` is the name for the ledger; `may` says whether they may say a command.

    `document` is the live release's Chat document, or that of the work tree where nothing runs; None where there is
    none. Secrets are in `environ` and nowhere else.
    """

    root: "Path"
    state: "Path"
    environment: str
    target: "Target"
    records: "Records"
    document: "Chat | None"
    person: str
    platform: str
    language: Language
    may: Callable[[str], bool]


Notify = Callable[[str], None]
"""Told, in few words, how far a change is."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do, before -> after. `digest` names exactly that: if it is another when it is confirmed, the
    change is refused, since somebody was first."""

    answer: Answer
    digest: str


class Action(Protocol):
    """Carries out one command; blocks, in a thread. Raises MooringError as the same verb of the command line does.

    `changes` says whether it changes anything. What changes has a preview, which changes nothing.
    """

    changes: bool

    def preview(self, command: Command, context: Context) -> Preview: ...

    def run(self, command: Command, context: Context, notify: Notify) -> Answer: ...
