"""What becomes of what was said: heard once, understood, judged, asked about, carried out, answered and recorded."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from mooring.chat import asking, codec, interrupted, policy
from mooring.chat.action import Action, Context
from mooring.chat.answer import Answer, Stage
from mooring.chat.carrying import Carrying, failed
from mooring.chat.codes import Code
from mooring.chat.command import Command, Language, Refusal
from mooring.chat.deciding import Deciding
from mooring.chat.grammar.parse import parse
from mooring.chat.grammar.table import REPLIES, written
from mooring.chat.help import Help
from mooring.chat.judging import Judging
from mooring.chat.policy import TERMINAL, Speaker
from mooring.chat.recording import Recording
from mooring.chat.said import Clicked, Said
from mooring.chat.spoken import ContextOf, Door, Heard, No, Spoken, Work
from mooring.chat.wording import say
from mooring.errors import MooringError
from mooring.spec.chat import Chat
from mooring.state.records.chats import Event

if TYPE_CHECKING:
    from mooring.chat.store import Store

__all__ = ["ContextOf", "Desk", "Heard", "Work"]

LATE_SECONDS = 120.0
"""After which what was said to a door that had ended is not done any more."""

FOUND_LATE_SECONDS = 600.0
"""After which what nobody delivered is not done any more, once it is found."""


class Desk:
    """Of one door. Any thread may use it.

    `document` is the Chat document of the door's `environment` as it is now; a command for another environment is
    judged by the document of that one, which its context has. `permission` asks GitHub for the permission of a login
    in the door's repository (None: it has none), and raises when that cannot be told; it may take its time.
    """

    def __init__(
        self,
        document: Callable[[], Chat | None],
        context_of: ContextOf,
        actions: Mapping[str, Action],
        store: "Store",
        clock: Callable[[], float] = time.time,
        *,
        environment: str,
        permission: Callable[[str], str | None] | None = None,
    ) -> None:
        everything: Mapping[str, Action] = {"help": Help(), **actions}
        self._door = Door(document, context_of, everything, store, clock, environment, permission)
        self._recording = Recording(self._door)
        self._judging = Judging(self._door, self._recording)
        self._carrying = Carrying(self._door, self._recording)
        self._deciding = Deciding(self._door, self._recording, self._judging, self._carrying)

    def hear(self, received: Said | Clicked, at: float | None = None) -> Heard:
        """Quick, and without the network. Raises Failed(STORAGE) where it cannot be written down: then it is not heard,
        and the platform may deliver it again.

        `at` is when it was said (Unix time), where it was found long after that perhaps.
        """
        understood = parse(received.text) if isinstance(received, Said) else None
        if isinstance(received, Said) and understood is None:
            return Heard(None)
        if received.caller.platform != TERMINAL and not self._door.store.hear(received):
            return Heard(None)
        if at is not None and self._door.clock() - at > FOUND_LATE_SECONDS:
            language: Language = understood.language if understood else self._door.language
            return self._kept(received, self._recording.refused(received, No(Code.LATE), language=language))
        return self._kept(received, self._answered(received, understood))

    def left(self) -> list[tuple[Said | Clicked, Heard]]:
        """What a door that ended had heard and not finished, for the next one to start with.

        What had not begun is done now; a change that had begun is not done again, and its answer says so.
        """
        return [(codec.received(event.received), self._again(event)) for event in self._door.store.left()]

    def offer(self, command: Command, until: float, digest: str = "") -> str:
        """The token of a button that says a command for whoever presses it, as often as it is pressed until then.

        The press is judged as if they had said it, and is its own confirmation. `digest` names what they see: a change
        whose preview has another one by then is refused.
        """
        environment = command.arguments.get("environment", self._door.environment)
        offered = asking.offered(command, environment, digest, self._door.clock(), until)
        self._door.store.ask(offered)
        return f"{asking.SAY}.{offered.token}"

    def tidy(self) -> None:
        """To be called every minute or so: writes down counted refusals, and forgets what is over."""
        self._recording.audit.flush()
        with suppress(MooringError):  # the next time does
            self._door.store.forget()

    def close(self) -> None:
        """Writes down what was counted so far. To be called when the door ends."""
        self._recording.audit.flush(all_of_it=True)

    def _answered(self, received: Said | Clicked, understood: Command | Refusal | None) -> Heard:
        """As `_heard`; what was written down as heard is not delivered again, so whatever goes wrong is an answer."""
        try:
            return self._heard(received, understood)
        except MooringError as error:
            language: Language = understood.language if understood else self._door.language
            named = written(understood) if isinstance(understood, Command) else say("a-button", language)
            return Heard(failed(error, language, named))

    def _heard(self, received: Said | Clicked, understood: Command | Refusal | None) -> Heard:
        if isinstance(received, Clicked):
            return self._deciding.clicked(received, self._said)
        if isinstance(understood, Refusal):
            return self._recording.misunderstood(received, understood)
        if understood is None:
            return Heard(None)
        if understood.name in REPLIES:
            return self._deciding.replied(received, understood)
        environment = understood.arguments.get("environment", self._door.environment)
        now = self._door.clock()
        return self._said(Spoken(received, understood, environment, received.caller, now, received.text))

    def _said(self, spoken: Spoken) -> Heard:
        def go(context: Context, who: Speaker) -> Heard:
            changes = self._door.action(spoken.command).changes
            confirm = policy.confirmation(context.document, who, spoken.command.name) if changes else "none"
            if confirm == "none" or (spoken.confirmed and confirm == "self"):
                return self._carrying.go(spoken, context)
            return self._carrying.ask(spoken, context, who, confirm)

        return self._judging.passed(spoken, go, self._carrying.failed)

    def _again(self, event: Event) -> Heard:
        received = codec.received(event.received)
        answer = codec.answer(event.answer) if event.answer else None
        if answer is not None and (answer.stage.final or answer.stage is Stage.ASKS):
            return Heard(answer)
        if answer is not None and answer.stage is Stage.RUNNING:
            title, code = say(Code.INTERRUPTED, answer.language), str(Code.INTERRUPTED)
            facts = self._afterwards(received, event.at, answer.language)
            told = Answer(Stage.FAILED, title, facts, language=answer.language, code=code)
            return self._kept(received, Heard(told))
        understood = parse(received.text) if isinstance(received, Said) else None
        if self._door.clock() - event.at > LATE_SECONDS:
            language: Language = understood.language if understood else self._door.language
            return self._kept(received, self._recording.refused(received, No(Code.LATE), language=language))
        return self._kept(received, self._answered(received, understood))

    def _afterwards(self, received: Said | Clicked, since: float, language: Language) -> tuple[tuple[str, str], ...]:
        """What is known of a change that was interrupted; nothing where that cannot be told."""
        with suppress(MooringError, No):
            if isinstance(received, Said):
                command = parse(received.text)
            else:
                question = self._door.store.question(received.token.partition(".")[2])
                command = asking.Asked.of(question).command if question else None
            if isinstance(command, Command) and command.name in interrupted.ROLLING:
                environment = command.arguments.get("environment", self._door.environment)
                ledger = self._door.context_of(environment, "", received.caller.platform, language).records.ledger()
                return interrupted.known(ledger, environment, since, language) if ledger else ()
        return ()

    def _kept(self, received: Said | Clicked, heard: Heard) -> Heard:
        if heard.answer is not None and heard.answer.stage.final:
            self._recording.answered(received, heard.answer)
        if heard == Heard(None):
            with suppress(MooringError):
                self._door.store.over(received)
        return heard
