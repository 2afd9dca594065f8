"""Sentences of a text that is still being written, in any script."""

import re
import unicodedata

LONGEST = 400
"""Characters after which a text is taken for a sentence even without an end, so that nothing is held back for ever."""

_END = re.compile(
    r"[.!?\u2026]+[\"'\u201d\u2019\u00bb)\]*_`]*(?=\s)"  # Latin and the like: an end needs a space behind it (not 3.5)
    r"|[\u3002\uff01\uff1f]+[\"'\u201d\u2019\u300d\u300f\uff09*_]*"  # Chinese and Japanese need none
    r"|[\u061f\u06d4\u0964]+"  # Arabic, Urdu, Hindi
    r"|(?<=\S)\n"
)
_MARKS = re.compile(r"[\s\W_]+")


def split(text: str) -> tuple[list[str], str]:
    """The whole sentences of a text, each with the spaces before it, and the rest, which may be part of one.

    Joined, they are the text. Where it is cut does not depend on how the text came.
    """
    found: list[str] = []
    start = 0
    while start < len(text):
        first = start + len(text[start:]) - len(text[start:].lstrip())
        end = _END.search(text, first, first + LONGEST)
        if end is not None:
            stop = end.end()
        elif len(text) - first > LONGEST:
            stop = first + LONGEST
        else:
            break
        found.append(text[start:stop])
        start = stop
    return found, text[start:]


def normal(text: str) -> str:
    """A text without what a model changes when it says the same again: case, marks, spaces and their kinds."""
    return _MARKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
