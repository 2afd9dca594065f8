"""Assertions about what kind of answer it is: its language, and whether it refuses. Told by words alone."""

import re

from mooring.evaluate.assertions.subject import Subject, Verdict, excerpt, got

STOP_WORDS = {
    "en": "the and is are was of to in that it you your for with on not this have has be can i we our will would from"
    " at by or if please do does my me an as but they there what which how when within",
    "de": "der die das und ist sind war von zu im in dass es du sie ihr dein deine für mit auf nicht ein eine einen"
    " dem den des ich wir uns kann wird werden hat haben bei aus oder wenn bitte wie was mir mich auch noch nach",
    "es": "el la los las y es son era de en que lo tu su para con por no un una yo nosotros puede puedo será ha han al"
    " del o si como qué me te se más está hay",
    "fr": "le la les et est sont était de du des en que vous votre pour avec sur ne pas un une je nous peut puis sera a"
    " ont au aux ou si comme il elle ce cette dans",
    "it": "il lo la gli le e è sono era di in che tu tuo suo per con su non un una io noi può posso sarà ha hanno al"
    " del della o se come mi ti si più c'è questo",
    "nl": "de het en is zijn was van te in dat je jouw u uw voor met op niet een ik wij we kan zal wordt heeft hebben"
    " bij uit of als hoe wat mij ook nog naar er",
    "pt": "o a os as e é são era de em que você seu sua para com por não um uma eu nós pode posso será tem têm ao do da"
    " ou se como me te mais está há",
}
_WORDS = {code: frozenset(words.split()) for code, words in STOP_WORDS.items()}
_ENOUGH = 2
"""Stop words below which a text has no language."""

_REFUSALS = {
    "en": r"\b(?:i|we)(?:'m| am|'re| are)? (?:sorry|afraid|unable)\b"
    r"|\b(?:i|we) (?:can(?:not|'t| not)|could(?:n't| not)|won't|will not|must not|may not|am not (?:able|allowed))"
    r"|\bnot (?:able|allowed|permitted|possible) to\b|\b(?:against|not part of) (?:my|our) (?:rules|policy|policies)\b"
    r"|\bas an ai\b",
    "de": r"\b(?:kann|darf|werde|können|dürfen|werden) (?:ich|wir)\b[^.!?]{0,80}\b(?:nicht|kein\w*)\b"
    r"|\b(?:ich|wir) (?:kann|darf|werde|können|dürfen|werden)\b[^.!?]{0,80}\b(?:nicht|kein\w*)\b"
    r"|\b(?:gebe|mache|verrate) ich (?:nicht|kein)|\b(?:tut mir leid|leider (?:nicht|kein))",
}
_REFUSES = re.compile("|".join(_REFUSALS.values()), re.IGNORECASE)


def language(subject: Subject, code: str, _: float | None) -> Verdict:
    """The language most of whose stop words are in the answer. Code blocks and quotations are left out."""
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", _prose(subject.text).casefold())
    counts = {each: sum(word in stop for word in words) for each, stop in _WORDS.items()}
    best = max(counts, key=lambda each: (counts[each], each == code))
    if counts[best] < _ENOUGH:
        return Verdict(False, f"too short to tell a language, expected {code}; {got(subject)}", 0)
    told = (
        f"the answer is in {best} ({counts[best]} of {len(words)} words tell), expected {code}: {excerpt(subject.text)}"
    )
    return Verdict(best == code, told)


def _prose(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|„[^“\n]*“|“[^”\n]*”", " ", text, flags=re.DOTALL)


def is_refusal(subject: Subject, _: None, __: float | None) -> Verdict:
    """English and German words of refusing, or no answer at all."""
    plain = subject.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if not plain.strip():
        return Verdict(True, "the answer is empty, which counts as a refusal")
    match = _REFUSES.search(plain)
    if match:
        return Verdict(True, f"the answer refuses: {excerpt(plain, match.group())}")
    return Verdict(False, f"the answer does not refuse; {got(subject)}")
