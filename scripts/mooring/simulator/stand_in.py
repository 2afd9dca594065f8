"""What the simulated model answers where no rule does: plain, always the same, in the question's language.

It makes an agent usable before anybody has written a rule, and proves nothing: it says so, and is marked.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from mooring.language import detect
from mooring.simulated import NO_RULE
from mooring.simulator.conversation import Conversation
from mooring.simulator.decide import Decision
from mooring.simulator.example import example

_WHO = re.compile(r"\byou are ([^.,;:\n]{1,80})", re.IGNORECASE)

SAYS: Mapping[str, tuple[str, str]] = {
    "en": ("I am {who}. ", "This is a simulated answer: no rule says what to answer here."),
    "de": ("Ich bin {who}. ", "Das ist eine simulierte Antwort: Keine Regel sagt, was hier zu antworten ist."),
    "fr": ("Je suis {who}. ", "Ceci est une réponse simulée : aucune règle ne dit quoi répondre ici."),
    "es": ("Soy {who}. ", "Esta es una respuesta simulada: ninguna regla dice qué responder aquí."),
    "it": ("Sono {who}. ", "Questa è una risposta simulata: nessuna regola dice che cosa rispondere qui."),
    "pt": ("Sou {who}. ", "Esta é uma resposta simulada: nenhuma regra diz o que responder aqui."),
    "nl": ("Ik ben {who}. ", "Dit is een gesimuleerd antwoord: geen regel zegt wat hier het antwoord is."),
    "zh": ("我是 {who}。", "这是模拟的回答:没有规则说明这里该如何回答。"),
    "ja": ("私は {who} です。", "これはシミュレーションの回答です。ここで何と答えるかを定めた規則はありません。"),
    "ko": ("저는 {who}입니다. ", "시뮬레이션된 답변입니다. 여기서 무엇을 답할지 정한 규칙이 없습니다."),
    "ar": ("أنا {who}. ", "هذه إجابة محاكاة: لا توجد قاعدة تحدد الجواب هنا."),
    "ru": ("Я {who}. ", "Это смоделированный ответ: нет правила, что здесь отвечать."),
}
"""Who it is, if its prompt says so, and that nothing else is known."""


def stand_in(conversation: Conversation, schema: dict[str, Any] | None) -> Decision:
    """The answer; JSON that fits `schema`, where there is one. It calls no tool: nobody said which, or with what."""
    who = _WHO.search(conversation.system)
    introduced, rest = SAYS[detect(conversation.user) or "en"]
    text = (introduced.format(who=who[1].strip()) if who else "") + rest
    if schema is None:
        return Decision(NO_RULE, text)
    return Decision(NO_RULE, json.dumps(example(schema, text), ensure_ascii=False))
