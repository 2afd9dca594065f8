"""Carries a command out: a look at once, a change after its question, and both to an answer whatever happens."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from mooring.chat import asking
from mooring.chat.action import Context, Notify
from mooring.chat.answer import Answer, Stage
from mooring.chat.asking import Asked
from mooring.chat.codes import Code
from mooring.chat.command import Language
from mooring.chat.grammar.table import written
from mooring.chat.policy import Speaker
from mooring.chat.recording import Recording, refusal, staged
from mooring.chat.spoken import Door, Heard, No, Spoken
from mooring.chat.wording import say
from mooring.errors import MooringError, Stopped
from mooring.outcome import Reason
from mooring.rollout import chatted

log = logging.getLogger("mooring.chat")


class Carrying:
    """Of one door."""

    def __init__(self, door: Door, recording: Recording) -> None:
        self._door, self._recording = door, recording

    def go(self, spoken: Spoken, context: Context) -> Heard:
        """Does it."""
        stage = Stage.RUNNING if spoken.confirmed else Stage.QUEUED
        return Heard(staged(spoken, stage), lambda notify: self._done(spoken, context, notify))

    def ask(self, spoken: Spoken, context: Context, who: Speaker, confirm: str) -> Heard:
        """Shows what it would do, and asks whether to do it."""
        return Heard(staged(spoken, Stage.QUEUED), lambda _notify: self._asked(spoken, context, who, confirm))

    def failed(self, spoken: Spoken, error: Exception) -> Answer:
        """The answer to a command that could not be done."""
        return failed(error, spoken.language, written(spoken.command))

    def _asked(self, spoken: Spoken, context: Context, who: Speaker, confirm: str) -> Answer:
        def work() -> Answer:
            preview = self._door.action(spoken.command).preview(spoken.command, context)
            if spoken.digest and preview.digest != spoken.digest:
                raise No(Code.OUTDATED)
            document, now = context.document, self._door.clock()
            until = now + (document.confirm_seconds if document else 60)
            asked = Asked(spoken.command, spoken.environment, spoken.caller, who.named)
            question = asking.question(asked, who, spoken.received.place, preview, confirm, now, until)
            self._recorded(spoken, context, chatted.ASKED)
            self._door.store.ask(question)
            return asking.answer(question, preview, spoken.language, who)

        return self._guarded(spoken, context, work)

    def _done(self, spoken: Spoken, context: Context, notify: Notify) -> Answer:
        def work() -> Answer:
            action = self._door.action(spoken.command)
            if action.changes:
                if spoken.digest and action.preview(spoken.command, context).digest != spoken.digest:
                    raise No(Code.OUTDATED)
                self._recorded(spoken, context, chatted.STARTED)
                self._recording.begun(spoken)
            answer = action.run(spoken.command, context, notify)
            people = dict.fromkeys(filter(None, (context.person, spoken.by)))
            answer = replace(answer, who=" + ".join(people), seconds=round(self._door.clock() - spoken.at, 3))
            with suppress(MooringError):  # it is done, whether or not that can be written
                decision = chatted.FAILED if answer.stage is Stage.FAILED else chatted.DONE
                self._recording.decided(context, spoken, context.person, decision)
            return answer

        return self._guarded(spoken, context, work)

    def _recorded(self, spoken: Spoken, context: Context, decision: str) -> None:
        """Raises No where a change cannot be written down: then it is not made."""
        try:
            self._recording.decided(context, spoken, context.person, decision)
        except MooringError as error:
            raise No(Code.NOT_RECORDED, error=str(error)) from error

    def _guarded(self, spoken: Spoken, context: Context, work: Callable[[], Answer]) -> Answer:
        """The answer of work, whatever becomes of it; written down."""
        try:
            answer = work()
        except No as no:
            self._recording.refused(spoken.received, no, spoken)
            answer = refusal(no, spoken.language)
        except Exception as error:  # noqa: BLE001 - the door waits for an answer
            with suppress(MooringError):
                self._recording.decided(context, spoken, context.person, chatted.FAILED, ended(error))
            answer = replace(self.failed(spoken, error), who=context.person)
        return self._recording.answered(spoken.received, answer)


def failed(error: Exception, language: Language, command: str) -> Answer:
    """The answer to what could not be done. What nobody expected goes into the log, and not to who asked."""
    code = ended(error)
    if not isinstance(error, MooringError):
        log.error("%s failed", command, exc_info=error)
        return Answer(Stage.FAILED, say("crashed", language, command=command), language=language, code=code)
    facts = ((say("fix", language), error.fix),) if error.fix else ()
    title = say("failed", language, command=command, error=str(error))
    return Answer(Stage.FAILED, title, facts=facts, language=language, code=code)


def ended(error: Exception) -> str:
    """How a command ended that raised, as a reason of `outcome`."""
    match error:
        case Stopped():
            return str(error.reason)
        case MooringError():
            return str(Reason.USAGE)
        case _:
            return str(Reason.CRASH)
