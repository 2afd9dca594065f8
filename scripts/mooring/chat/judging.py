"""Lets a command pass, or refuses it: environment, person, right and rate."""

import logging
from collections.abc import Callable
from dataclasses import replace

from mooring.chat import policy
from mooring.chat.action import Context, Notify
from mooring.chat.answer import Answer
from mooring.chat.codes import Code
from mooring.chat.policy import Speaker
from mooring.chat.rates import Rates
from mooring.chat.recording import Recording
from mooring.chat.said import Said
from mooring.chat.spoken import Door, Heard, No, Spoken
from mooring.spec.chat import ROLLBACK

Go = Callable[[Context, Speaker], Heard]
"""What becomes of a command that passed. Raises No, and MooringError where it cannot be written down."""

log = logging.getLogger("mooring.chat")


class Judging:
    """Of one door."""

    def __init__(self, door: Door, recording: Recording) -> None:
        self._door, self._recording = door, recording
        self._rates = Rates()

    def passed(self, spoken: Spoken, go: Go, failed: Callable[[Spoken, Exception], Answer]) -> Heard:
        """What `go` makes of a command whose caller may say it, or the refusal.

        Where GitHub has to be asked, that is done in the work that follows, and nothing is said before. What then goes
        wrong is answered by `failed`.
        """
        try:
            context = self._door.context(spoken)
            document = context.document
            if not policy.asks_permission(document, spoken.received.caller, self._door.repository):
                return self._admitted(spoken, context, policy.speaker(document, spoken.received.caller), go)
        except No as no:
            return self._recording.refused(spoken.received, no, spoken)
        return Heard(None, lambda notify: self._later(spoken, context, go, failed, notify))

    def _later(
        self,
        spoken: Spoken,
        context: Context,
        go: Go,
        failed: Callable[[Spoken, Exception], Answer],
        notify: Notify,
    ) -> Answer | None:
        document, caller = context.document, spoken.received.caller
        try:
            who = policy.by_permission(document, caller, self._permission(caller.id)) if document else None
            heard = self._admitted(spoken, context, who, go)
        except No as no:
            return self._recording.refused(spoken.received, no, spoken).answer
        except Exception as error:  # noqa: BLE001 - the door still has to be told
            return failed(spoken, error)
        return heard.work(notify) if heard.work else heard.answer

    def _permission(self, login: str) -> str | None:
        if self._door.permission is None:
            raise No(Code.UNKNOWN_PERMISSION)
        try:
            return self._door.permission(login)
        except Exception as error:  # whatever went wrong, nobody knows what this login may do
            log.warning("the permission of a login is not known: %s", error)
            raise No(Code.UNKNOWN_PERMISSION) from error

    def _admitted(self, spoken: Spoken, context: Context, who: Speaker | None, go: Go) -> Heard:
        document, environment, command = context.document, spoken.environment, spoken.command.name
        if who is None:
            unknown = Code.UNKNOWN_PERSON if document else Code.NO_DOCUMENT
            raise No(unknown, caller=spoken.received.caller.id, environment=environment)
        if code := policy.judge(document, who, command, environment):
            raise No(code, who=who.name, environment=environment, command=f"/{command}")
        self._counted(spoken, who, document.per_minute if document else 0)
        return go(replace(context, person=who.name, may=_may(context, who, environment)), who)

    def _counted(self, spoken: Spoken, who: Speaker, most: int) -> None:
        """Raises No where somebody says too much. A rollback of whoever is on call is never too much."""
        urgent = spoken.command.name == ROLLBACK and who.on_call
        counts = isinstance(spoken.received, Said) and not who.everything and not urgent
        if counts and not self._rates.take(who.name, self._door.clock(), most):
            raise No(Code.RATE_LIMITED, who=who.name, most=str(most))


def _may(context: Context, who: Speaker, environment: str) -> Callable[[str], bool]:
    return lambda name: policy.judge(context.document, who, name, environment) is None
