"""A command on its way from what was said to what is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mooring.chat.action import Action, Context, Notify
from mooring.chat.answer import Answer
from mooring.chat.codes import Code
from mooring.chat.command import Command, Language
from mooring.chat.said import Caller, Clicked, Said
from mooring.errors import UsageError
from mooring.spec.chat import Chat
from mooring.state.records.chats import Question

if TYPE_CHECKING:
    from mooring.chat.store import Store

Work = Callable[[Notify], Answer | None]


@dataclass(frozen=True, slots=True)
class Heard:
    """What is answered at once, and what follows.

    `answer` is None where nothing is said: the line was not for us, it was heard before, or it is not known yet whether
    the caller is to be answered at all. `work` is to be run in a thread, never raises, and its answer takes the place
    of the first, unless it is None; while it runs, its `Notify` says how far it is. `aside` answers are for the one who
    pressed a button: the message with the button stays as it is, since others may still press it.
    """

    answer: Answer | None
    work: Work | None = None
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command and who said it, when, and in which words. Its answer is to `received`.

    `confirmed` is the question that was answered with yes, and `by` who did; `digest` is that of what they were shown.
    """

    received: Said | Clicked
    command: Command
    environment: str
    caller: Caller
    at: float
    text: str
    confirmed: Question | None = None
    by: str = ""
    digest: str = ""

    @property
    def language(self) -> Language:
        return self.command.language


class No(Exception):
    """A refusal: its code, and the facts that its sentence needs."""

    def __init__(self, code: Code, **facts: str) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class ContextOf(Protocol):
    """Makes the context of a command. Quick. Raises UsageError where there is no such environment.

    The desk replaces `person`, `may` and, for the door's own environment, `document`.
    """

    def __call__(self, environment: str, person: str, platform: str, language: Language) -> Context: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Where something is said: what its desk works with."""

    document: Callable[[], Chat | None]
    context_of: ContextOf
    actions: Mapping[str, Action]
    store: "Store"
    clock: Callable[[], float]
    environment: str
    permission: Callable[[str], str | None] | None = None

    def context(self, spoken: Spoken) -> Context:
        """With the document that says who may: that of the environment which the command is for. Raises No."""
        try:
            found = self.context_of(spoken.environment, "", spoken.caller.platform, spoken.language)
        except UsageError:
            raise No(Code.UNKNOWN_ENVIRONMENT, environment=spoken.environment) from None
        return replace(found, document=self.document()) if spoken.environment == self.environment else found

    def action(self, command: Command) -> Action:
        """Raises No where this door has none."""
        action = self.actions.get(command.name)
        if action is None:
            raise No(Code.UNAVAILABLE, command=f"/{command.name}")
        return action

    def changes(self, command: Command) -> bool:
        """Whether a command changes anything."""
        action = self.actions.get(command.name)
        return action is not None and action.changes

    @property
    def language(self) -> Language:
        document = self.document()
        return document.language if document else "en"

    @property
    def repository(self) -> str | None:
        """That of GitHub whose permissions `permission` tells."""
        document = self.document()
        return document.github.repository if document and document.github else None
