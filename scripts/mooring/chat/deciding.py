"""Answers to questions: a press on a button, or a word with a code. The first one counts."""

import json
from collections.abc import Callable
from dataclasses import replace

from mooring.chat import asking, policy
from mooring.chat.action import Context
from mooring.chat.answer import Answer, Stage
from mooring.chat.asking import Asked
from mooring.chat.carrying import Carrying
from mooring.chat.codes import Code
from mooring.chat.command import Command
from mooring.chat.judging import Judging
from mooring.chat.policy import Speaker
from mooring.chat.recording import Recording
from mooring.chat.said import Clicked, Said
from mooring.chat.spoken import Door, Heard, No, Spoken
from mooring.chat.wording import say
from mooring.rollout import chatted
from mooring.state.records.chats import OPEN, Question

CONFIRMED, CANCELLED = "confirmed", "cancelled"
"""States of a question that was answered."""


class Deciding:
    """Of one door."""

    def __init__(self, door: Door, recording: Recording, judging: Judging, carrying: Carrying) -> None:
        self._door, self._recording, self._judging, self._carrying = door, recording, judging, carrying

    def clicked(self, received: Clicked, said: Callable[[Spoken], Heard]) -> Heard:
        """What a press means: yes, no, or a command, which `said` takes."""
        kind, _, token = received.token.partition(".")
        question = self._door.store.question(token) if kind in (asking.YES, asking.NO, asking.SAY) else None
        if question is None or (kind == asking.SAY) != (question.confirm == asking.OFFERED):
            return self._recording.refused(received, No(Code.UNKNOWN_QUESTION), language=self._door.language)
        if kind != asking.SAY:
            return self._decided(received, question, yes=kind == asking.YES)
        asked, now = Asked.of(question), self._door.clock()
        spoken = Spoken(received, asked.command, asked.environment, received.caller, now, asked.command.text)
        if now > question.until:
            return self._recording.refused(received, No(Code.UNKNOWN_QUESTION), spoken)
        return said(replace(spoken, confirmed=question, digest=question.digest))

    def replied(self, received: Said, command: Command) -> Heard:
        """A word and a code instead of a button."""
        code, spot = command.arguments["code"], asking.spot(received.place)
        questions = self._door.store.questions(received.caller.platform, spot)
        question = next((each for each in questions if asking.code_of(each.token) == code), None)
        if question is None:
            return self._recording.refused(received, No(Code.UNKNOWN_QUESTION), language=command.language)
        return self._decided(received, question, yes=command.name == "confirm")

    def _decided(self, received: Said | Clicked, question: Question, *, yes: bool) -> Heard:
        asked = Asked.of(question)
        said_by = asked.caller or received.caller
        spoken = Spoken(received, asked.command, asked.environment, said_by, self._door.clock(), asked.command.text)

        def go(context: Context, by: Speaker) -> Heard:
            self._answerable(question, asked, context, by, received, yes=yes)
            state = CONFIRMED if yes else CANCELLED
            told = asking.decision(by, received.caller.platform, received.event, state)
            if not self._door.store.decide(question.token, state, told):
                self._settled(self._door.store.question(question.token) or question, received)
            answered = replace(spoken, confirmed=question, by=by.name, digest=question.digest)
            if yes:
                return self._carrying.go(answered, replace(context, person=question.person))
            self._recording.decided(context, answered, question.person, chatted.CANCELLED, Code.CANCELLED)
            title = say(Code.CANCELLED, spoken.language, who=by.name)
            code = str(Code.CANCELLED)
            return Heard(Answer(Stage.REFUSED, title, who=by.name, language=spoken.language, code=code))

        return self._judging.passed(spoken, go, self._carrying.failed)

    def _answerable(
        self, question: Question, asked: Asked, context: Context, by: Speaker, received: Said | Clicked, *, yes: bool
    ) -> None:
        """Raises No unless `by` may answer the question now. Whoever has the right may say no."""
        if question.state != OPEN:
            self._settled(question, received)
            return
        if self._door.clock() > question.until:
            raise No(Code.EXPIRED, seconds=f"{question.until - question.at:.0f}")
        if not yes:
            return
        if code := policy.answers(question.confirm, question.person, asked.named, by):
            raise No(code, who=question.person)
        if question.confirm == "other":
            self._still_may(question, asked, context)

    def _still_may(self, question: Question, asked: Asked, context: Context) -> None:
        """Raises No where who asked has lost the right meanwhile."""
        document, command = context.document, asked.command.name
        asker = policy.by_name(document, question.person) if document else None
        code = policy.judge(document, asker, command, asked.environment) if asker else Code.FORBIDDEN
        if code:
            raise No(code, who=question.person, environment=asked.environment, command=f"/{command}")

    def _settled(self, question: Question, received: Said | Clicked) -> None:
        """Raises No for a question that was answered, unless by this very event, before the door was restarted."""
        decided = json.loads(question.decided)
        if (decided["platform"], decided["event"]) != (received.caller.platform, received.event):
            what = say(f"was {decided['what']}", Asked.of(question).command.language)
            raise No(Code.ANSWERED, who=decided["person"], what=what)
