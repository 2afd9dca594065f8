"""Compares two texts word by word."""

import difflib
import re
from itertools import groupby
from typing import NamedTuple

LONGEST = 1500
"""Most words of a text that are compared one by one; longer texts differ as a whole."""

ALIKE = 0.35
"""Below this similarity (difflib's ratio) single equal words are taken for chance."""

_WORD = re.compile(r"\w+[^\S\n]*|[^\w\s][^\S\n]*|\n|[^\S\n]+")


class Span(NamedTuple):
    text: str
    differs: bool


def compared(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts as spans; joined, the spans are the text."""
    if old == new:
        return _whole(old, False), _whole(new, False)
    before, now = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(now)) > LONGEST:
        return _whole(old, True), _whole(new, True)
    matcher = difflib.SequenceMatcher(None, before, now, autojunk=False)
    if matcher.ratio() < ALIKE:
        return _whole(old, True), _whole(new, True)
    steps = matcher.get_opcodes()
    sizes = [0 if step[0] == "equal" else max(step[2] - step[1], step[4] - step[3]) for step in steps]
    same = [
        tag == "equal" and not _chance(before[i1:i2], sizes[max(n - 1, 0)], sizes[min(n + 1, len(steps) - 1)])
        for n, (tag, i1, i2, _, _) in enumerate(steps)
    ]
    left = [Span("".join(before[i1:i2]), not equal) for equal, (_, i1, i2, _, _) in zip(same, steps, strict=True)]
    right = [Span("".join(now[j1:j2]), not equal) for equal, (_, _, _, j1, j2) in zip(same, steps, strict=True)]
    return _merged(left), _merged(right)


def _chance(words: list[str], before: int, after: int) -> bool:
    """Whether equal words are chance: a few common ones amid larger changes."""
    telling = sum(word[0].isalnum() for word in words)
    return 2 * telling < min(before, after)


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    groups = groupby((span for span in spans if span.text), key=lambda span: span.differs)
    return tuple(Span("".join(span.text for span in together), differs) for differs, together in groups)


def _whole(text: str, differs: bool) -> tuple[Span, ...]:
    return (Span(text, differs),) if text else ()
