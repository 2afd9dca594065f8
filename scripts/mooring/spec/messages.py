"""What a profile says to users by itself, where no model does: texts by language, for en, de and zh given here.

An answer is in one language, and a language is spoken where all texts that the answer needs are there.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from mooring.spec.document import Part

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
"""A language tag (RFC 5646) as it is usually written: `zh`, `zh-Hant`, `pt-BR`."""

Texts = Annotated[dict[Language, str], Field(min_length=1, description="By language tag; `en` must be there.")]

GO_ON = (
    "Your answer above was cut off there. Go on with it exactly where it stopped: no greeting, no apology, no word "
    "about the interruption, and nothing repeated."
)
"""What the next model is asked when the text so far stands before it as its own."""

APOLOGY = {
    "en": "Sorry, I cannot answer right now. Please try again in a few minutes.",
    "de": "Entschuldigung, ich kann gerade nicht antworten. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
    "zh": "抱歉，暂时无法回答您的问题，请过几分钟再试。",
}
BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "ticket": {
        "en": "Your question is kept as {ticket}.",
        "de": "Ihre Frage ist unter {ticket} vorgemerkt.",
        "zh": "您的问题已保存，编号为 {ticket}。",
    },
    "saved": {
        "en": "(saved answer, {age} old)",
        "de": "(gespeicherte Antwort, {age} alt)",
        "zh": "（以上是 {age}前保存的回答）",
    },
    "seconds": {"en": "{number} s", "de": "{number} s", "zh": "{number} 秒"},
    "minutes": {"en": "{number} min", "de": "{number} min", "zh": "{number} 分钟"},
    "hours": {"en": "{number} h", "de": "{number} h", "zh": "{number} 小时"},
    "approval": {
        "en": "Waiting for a person to approve: {tools}.",
        "de": "Das muss erst ein Mensch freigeben: {tools}.",
        "zh": "需要人工批准后才能继续：{tools}。",
    },
    "limit": {
        "en": "Sorry, this takes more steps than one answer may take. Please ask for less at once.",
        "de": "Entschuldigung, das braucht mehr Schritte, als eine Antwort haben darf. Bitte fragen Sie nach weniger.",
        "zh": "抱歉，处理这个问题需要的步骤超出了上限，请拆成几个小问题再试。",
    },
}
_PLACES = {
    "ticket": "{ticket}",
    "saved": "{age}",
    "seconds": "{number}",
    "minutes": "{number}",
    "hours": "{number}",
    "approval": "{tools}",
}
"""What must stand in a text, to be filled in."""


def _built_in(name: str, description: str) -> Any:
    return Field(default=dict(BUILT_IN[name]), description=f"{description} The built-in languages are added.")


class Messages(Part):
    """Texts by language that stand beside an answer, or for one. What is in braces is filled in."""

    ticket: Texts = _built_in("ticket", "After an apology: the question is kept as `{ticket}`.")
    saved: Texts = _built_in("saved", "After a saved answer: it is `{age}` old.")
    seconds: Texts = _built_in("seconds", "An age below a minute, as `{number}` seconds.")
    minutes: Texts = _built_in("minutes", "An age below an hour, as `{number}` minutes.")
    hours: Texts = _built_in("hours", "A longer age, as `{number}` hours.")
    approval: Texts = _built_in("approval", "A person must approve the calls of `{tools}` first.")
    limit: Texts = _built_in("limit", "A model went on calling tools until the run's limit.")

    @model_validator(mode="before")
    @classmethod
    def _with_built_in(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {
            name: {**BUILT_IN[name], **texts} if name in BUILT_IN and isinstance(texts, dict) else texts
            for name, texts in given.items()
        }

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        for name, place in _PLACES.items():
            for language, text in getattr(self, name).items():
                if place not in text:
                    raise ValueError(f"{name}.{language} does not hold {place}")
        return self

    def by_name(self) -> Mapping[str, Mapping[str, str]]:
        """The texts of every message, by its name."""
        return {name: getattr(self, name) for name in BUILT_IN}
