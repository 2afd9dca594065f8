"""What the simulated model answers where no rule does: plain, always the same, in the question's language.

It makes an agent usable before anybody has written a rule, and proves nothing: it says so, and is marked.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from mooring.language import detect
from mooring.simulated import NO_RULE, SAYS
from mooring.simulator.conversation import Conversation
from mooring.simulator.decide import Decision
from mooring.simulator.example import example

_WHO = re.compile(r"\byou are ([^.,;:\n]{1,80})", re.IGNORECASE)

INTRODUCES: Mapping[str, str] = {
    "en": "I am {who}. ",
    "de": "Ich bin {who}. ",
    "fr": "Je suis {who}. ",
    "es": "Soy {who}. ",
    "it": "Sono {who}. ",
    "pt": "Sou {who}. ",
    "nl": "Ik ben {who}. ",
    "zh": "我是 {who}。",
    "ja": "私は {who} です。",
    "ko": "저는 {who}입니다. ",
    "ar": "أنا {who}. ",
    "ru": "Я {who}. ",
}
"""Who it is, where its prompt says so."""


def stand_in(conversation: Conversation, schema: dict[str, Any] | None) -> Decision:
    """The answer; JSON that fits `schema`, where there is one. It calls no tool: nobody said which, or with what."""
    who = _WHO.search(conversation.system)
    language = detect(conversation.user) or "en"
    text = (INTRODUCES[language].format(who=who[1].strip()) if who else "") + SAYS[language]
    if schema is None:
        return Decision(NO_RULE, text)
    return Decision(NO_RULE, json.dumps(example(schema, text), ensure_ascii=False))
