"""The user's language: what the client says it is, or what the question looks like."""

import re
from collections.abc import Mapping

from mooring.runtime.core.record import Record

_WORDS = {
    "en": "the and is are what where how my you do can not of to it have with for this please",
    "de": "der die das und ist ich nicht wie wo was mein meine ein eine kann bitte wann warum mit sie",
    "fr": "le la les et est je ne pas comment où mon ma mes un une vous pour quand avec bonjour",
    "es": "el los las y es yo no cómo dónde mi mis un una qué por cuándo para con hola está",
    "it": "il lo gli e è io non come dove mio mia un una che per quando con ciao sono questo",
    "pt": "o os as e é eu não como onde meu minha um uma que por quando com olá você está",
    "nl": "de het een en is ik niet hoe waar wat mijn kan je voor wanneer met alstublieft dit",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
)
_SAVED = {
    "en": "(saved answer, {age} old)",
    "de": "(gespeicherte Antwort, {age} alt)",
    "fr": "(réponse enregistrée il y a {age})",
    "es": "(respuesta guardada hace {age})",
    "it": "(risposta salvata {age} fa)",
    "pt": "(resposta guardada há {age})",
    "nl": "(opgeslagen antwoord, {age} oud)",
    "zh": "[已保存的回答 - {age}前]",
    "ja": "[保存された回答 - {age}前]",
}
_TICKET = {
    "en": "Your question is kept: ticket {ticket}.",
    "de": "Ihre Frage ist vorgemerkt: Ticket {ticket}.",
    "fr": "Votre question est conservée : ticket {ticket}.",
    "es": "Su pregunta queda guardada: ticket {ticket}.",
    "it": "La sua domanda è conservata: ticket {ticket}.",
    "pt": "A sua pergunta fica guardada: ticket {ticket}.",
    "nl": "Uw vraag is bewaard: ticket {ticket}.",
    "zh": "您的问题已保存。工单 {ticket}",
    "ja": "ご質問を保存しました。チケット {ticket}",
}


def detected(text: str) -> str | None:
    """The language of a text by its script, or by the most stop words; None when nothing tells."""
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    words = set(re.findall(r"\w+", text.lower()))
    found = {language: len(words & stop_words) for language, stop_words in _STOP_WORDS.items()}
    best = max(found, key=lambda language: found[language])
    return best if found[best] else None


def in_language(texts: Mapping[str, str], record: Record) -> str:
    """The text in the first of the client's languages that there is, else in the question's, else in English.

    Where texts have no English, it is the first.
    """
    languages = record.languages or (detected(record.question) or "en",)
    found = (texts[language] for language in languages if language in texts)
    return next(found, None) or texts.get("en") or next(iter(texts.values()))


def saved_note(age: float, record: Record) -> str:
    """What marks an answer as saved `age` seconds ago."""
    return in_language(_SAVED, record).format(age=_span(age))


def ticket_note(ticket: str, record: Record) -> str:
    """What tells of the ticket under which the question is kept."""
    return in_language(_TICKET, record).format(ticket=ticket)


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.0f} h"
