"""Questions: what a change would do, shown to whoever may say yes, with a token that nobody can guess."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from mooring.chat import codec
from mooring.chat.action import Preview
from mooring.chat.answer import Answer, Button, Stage
from mooring.chat.command import Command, Language
from mooring.chat.policy import Speaker
from mooring.chat.said import Caller, Place
from mooring.chat.wording import say
from mooring.state.records.chats import Question

YES, NO, SAY = "yes", "no", "say"
"""What a button means: its token is that, a dot, and the token of the question or of what it says."""

OFFERED = "offered"
"""The `confirm` of a question that is a command for whoever presses it."""

CODED = ("github",)
"""Platforms without buttons, where a word and a code take their place."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is about: the command, for which environment, and who said it, if anybody did."""

    command: Command
    environment: str
    caller: Caller | None = None
    named: bool = False

    @classmethod
    def of(cls, question: Question) -> "Asked":
        data = json.loads(question.command)
        caller = Caller(**data["caller"]) if data["caller"] else None
        return cls(codec.command(data["command"]), data["environment"], caller, data["named"])

    def text(self) -> str:
        caller = {name: getattr(self.caller, name) for name in ("platform", "id", "shown")} if self.caller else None
        data: dict[str, Any] = {"command": codec.command_data(self.command), "environment": self.environment}
        return json.dumps({**data, "caller": caller, "named": self.named})


def spot(place: Place) -> str:
    """Where a code is good: the channel, in whatever thread."""
    return f"{place.platform}:{place.channel}"


def code_of(token: str) -> str:
    """The short code of a question: good for one person in one place only, while it is open."""
    digest = hashlib.sha256(f"code {token}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


def question(
    asked: Asked, who: Speaker, place: Place, preview: Preview, confirm: str, now: float, until: float
) -> Question:
    return Question(
        token=secrets.token_urlsafe(24),
        at=now,
        until=until,
        person=who.name,
        platform=place.platform,
        command=asked.text(),
        place=spot(place),
        digest=preview.digest,
        confirm=confirm,
    )


def offered(command: Command, environment: str, digest: str, now: float, until: float) -> Question:
    text = Asked(command, environment).text()
    return Question(secrets.token_urlsafe(24), now, until, "", "", text, "", digest, OFFERED)


def answer(question: Question, preview: Preview, language: Language, who: Speaker) -> Answer:
    """The preview as a question, with buttons, or with a code where there are none."""
    seconds = f"{question.until - question.at:.0f}"
    asked = who.name if question.confirm == "self" else say("somebody-else", language)
    facts = [
        (say("who-confirms", language), asked),
        (say("within", language), say("seconds", language, seconds=seconds)),
    ]
    if question.platform in CODED:
        words = ("confirm", "cancel") if language == "en" else ("确认", "取消")
        facts += [(say("or-say", language), f"/{word} {code_of(question.token)}") for word in words]
    buttons = (
        Button(say("confirm", language), f"{YES}.{question.token}", danger=True),
        Button(say("cancel", language), f"{NO}.{question.token}"),
    )
    shown = preview.answer
    return replace(
        shown, stage=Stage.ASKS, facts=(*shown.facts, *facts), buttons=buttons, who=who.name, language=language
    )


def decision(by: Speaker, platform: str, event: str, what: str) -> str:
    return json.dumps({"person": by.name, "platform": platform, "event": event, "what": what})
