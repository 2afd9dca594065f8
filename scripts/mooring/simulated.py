"""What slots and the simulated model tell each other beside the API that it imitates."""

from collections.abc import Mapping

NO_RULE = "no-rule"
"""The `system_fingerprint` of an answer that came from no rule."""

PROVIDER = "x-mooring-provider"
"""The header by which a slot says whose model it asks for, so that a model is known without a rule file."""

OUTPUT = "mooring_output"
"""The key of a request by which a slot tells the schema of the agent's output."""

SAYS: Mapping[str, str] = {
    "en": "This is a simulated answer: no rule says what to answer here.",
    "de": "Das ist eine simulierte Antwort: Keine Regel sagt, was hier zu antworten ist.",
    "fr": "Ceci est une réponse simulée : aucune règle ne dit quoi répondre ici.",
    "es": "Esta es una respuesta simulada: ninguna regla dice qué responder aquí.",
    "it": "Questa è una risposta simulata: nessuna regola dice che cosa rispondere qui.",
    "pt": "Esta é uma resposta simulada: nenhuma regra diz o que responder aqui.",
    "nl": "Dit is een gesimuleerd antwoord: geen regel zegt wat hier het antwoord is.",
    "zh": "这是模拟的回答:没有规则说明这里该如何回答。",
    "ja": "これはシミュレーションの回答です。ここで何と答えるかを定めた規則はありません。",
    "ko": "시뮬레이션된 답변입니다. 여기서 무엇을 답할지 정한 규칙이 없습니다.",
    "ar": "هذه إجابة محاكاة: لا توجد قاعدة تحدد الجواب هنا.",
    "ru": "Это смоделированный ответ: нет правила, что здесь отвечать.",
}
"""What an answer from no rule says, by language."""


def stands_in(answer: str) -> bool:
    """Whether an answer came from no rule: it cannot be held to what an agent is expected to say."""
    return any(sentence in answer for sentence in SAYS.values())
