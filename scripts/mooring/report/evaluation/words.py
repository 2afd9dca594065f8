"""Which words of two texts differ."""

import difflib
import re
from itertools import groupby
from typing import NamedTuple

LONGEST = 1500
"""Words of a text that are compared one by one; longer ones differ as a whole."""

ALIKE = 0.35
"""Below this similarity (difflib's ratio) single words that are the same are chance."""

_WORD = re.compile(r"\w+[^\S\n]*|[^\w\s][^\S\n]*|\n|[^\S\n]+")


class Span(NamedTuple):
    text: str
    differs: bool


def compared(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts in spans; put together, the spans are the text."""
    if old == new:
        return _whole(old, False), _whole(new, False)
    before, now = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(now)) > LONGEST:
        return _whole(old, True), _whole(new, True)
    matcher = difflib.SequenceMatcher(None, before, now, autojunk=False)
    if matcher.ratio() < ALIKE:
        return _whole(old, True), _whole(new, True)
    steps = matcher.get_opcodes()
    same = [tag == "equal" and not _chance(before[i1:i2], i1, i2, len(before)) for tag, i1, i2, _, _ in steps]
    left = [Span("".join(before[i1:i2]), not equal) for equal, (_, i1, i2, _, _) in zip(same, steps, strict=True)]
    right = [Span("".join(now[j1:j2]), not equal) for equal, (_, _, _, j1, j2) in zip(same, steps, strict=True)]
    return _merged(left), _merged(right)


def _chance(words: list[str], start: int, end: int, length: int) -> bool:
    """Whether what is the same in between is only punctuation, which is the same everywhere."""
    return start > 0 and end < length and not any(character.isalnum() for word in words for character in word)


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    groups = groupby((span for span in spans if span.text), key=lambda span: span.differs)
    return tuple(Span("".join(span.text for span in together), differs) for differs, together in groups)


def _whole(text: str, differs: bool) -> tuple[Span, ...]:
    return (Span(text, differs),) if text else ()
