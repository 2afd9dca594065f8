"""What the desk writes down: decisions in the ledger, and answers so that the next door can show them."""

import logging
from contextlib import suppress
from dataclasses import replace

from mooring.chat import policy
from mooring.chat.action import Context
from mooring.chat.answer import Answer, Stage
from mooring.chat.audit import Audit
from mooring.chat.codes import Code
from mooring.chat.command import Language, Refusal
from mooring.chat.grammar.table import written
from mooring.chat.policy import TERMINAL
from mooring.chat.said import Caller, Clicked, Said
from mooring.chat.spoken import Door, Heard, No, Spoken
from mooring.chat.wording import say
from mooring.errors import MooringError
from mooring.operate.records import Records
from mooring.rollout import chatted
from mooring.rollout.chatted import Chatted

ENDING = (Code.EXPIRED, Code.ANSWERED, Code.OUTDATED, Code.CANCELLED)
"""Refusals of a press after which no other press would do: the message with the button may go."""

log = logging.getLogger("mooring.chat")


class Recording:
    """Of one door."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.audit = Audit(door.clock)

    def refused(
        self, received: Said | Clicked, no: No, spoken: Spoken | None = None, language: Language = "en"
    ) -> Heard:
        """Records a refusal and answers it; beyond a few in a minute it is counted, and no stranger is answered."""
        if spoken is not None:
            text, language, changes = spoken.text, spoken.language, self._door.changes(spoken.command)
        else:
            text, changes = received.text if isinstance(received, Said) else "(a button)", False
        name = self._name(received.caller)
        event = self._event(received.caller, name, text, chatted.REFUSED, no.code)
        alone = self.audit.note(self._records(spoken), replace(event, changes=changes))
        if not alone and (not name or no.code == Code.RATE_LIMITED):
            return Heard(None)
        return Heard(refusal(no, language), aside=isinstance(received, Clicked) and no.code not in ENDING)

    def misunderstood(self, received: Said, refusal: Refusal) -> Heard:
        """Records and answers a line that is no command."""
        event = self._event(received.caller, self._name(received.caller), received.text, chatted.REFUSED, refusal.code)
        if not self.audit.note(self._door.store.records, event):
            return Heard(None)
        return Heard(Answer(Stage.REFUSED, refusal.message, language=refusal.language, code=str(refusal.code)))

    def decided(self, context: Context, spoken: Spoken, person: str, decision: str, code: str = "") -> None:
        """Records what becomes of a command that was allowed. Raises MooringError for a change that cannot be."""
        event = self._event(spoken.caller, person, spoken.text, decision, code)
        changes, seconds = self._door.changes(spoken.command), round(event.at - spoken.at, 3)
        event = replace(event, changes=changes, seconds=seconds, by=spoken.by)
        if changes:
            self.audit.change(context.records, event)
        else:
            self.audit.note(context.records, event)

    def begun(self, spoken: Spoken) -> None:
        """From here on no other process does it again. Raises MooringError."""
        if spoken.caller.platform != TERMINAL:
            self._door.store.answer(spoken.received, staged(spoken, Stage.RUNNING))

    def answered(self, received: Said | Clicked, answer: Answer) -> Answer:
        """Writes down an answer, so that it is shown even if this process ends now."""
        if received.caller.platform != TERMINAL:
            try:
                self._door.store.answer(received, answer)
            except MooringError as error:
                log.warning("an answer is not written down: %s", error)
        return answer

    def _event(self, caller: Caller, person: str, text: str, decision: str, code: str = "") -> Chatted:
        return Chatted(self._door.clock(), person, caller.platform, caller.id, text, decision, str(code))

    def _name(self, caller: Caller) -> str:
        who = policy.speaker(self._door.document(), caller)
        return who.name if who else ""

    def _records(self, spoken: Spoken | None) -> Records:
        """Those of the environment that was meant, where there is one; else the door's."""
        if spoken is not None and spoken.environment != self._door.environment:
            with suppress(No):
                return self._door.context(spoken).records
        return self._door.store.records


def refusal(no: No, language: Language) -> Answer:
    """The answer that says no."""
    return Answer(Stage.REFUSED, say(no.code, language, **no.facts), language=language, code=str(no.code))


def staged(spoken: Spoken, stage: Stage) -> Answer:
    """That a command is queued, or running."""
    key = "running" if stage is Stage.RUNNING else "queued"
    return Answer(stage, say(key, spoken.language, command=written(spoken.command)), language=spoken.language)
