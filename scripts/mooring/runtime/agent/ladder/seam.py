"""Where a text that stopped and its continuation by another model meet."""

import re

SHORTEST = 8
"""Characters of an overlap that are taken for a repetition; a shorter one may be chance ("very very")."""

RESTART = 24
"""Characters in common with the beginning that show a continuation which began anew instead."""

SEPARATOR = "\n\n"
"""Stands between a text and an answer that does not continue it."""

# The end of a text that may be half a word. Scripts without spaces are not held up, nor are long runs such as links.
_WORDY = "[^\\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
_LOOSE_END = re.compile(f"(?<!{_WORDY}){_WORDY}{{1,24}}$")


def whole_words(text: str) -> tuple[str, str]:
    """A text as far as its words are whole, and the rest, which may be half a word.

    What a reader has seen then never stops within a word or a number, where nobody could tell whether a continuation
    repeats it.
    """
    end = _LOOSE_END.search(text)
    start = end.start() if end else len(text)
    return text[:start], text[start:]


class Seam:
    """Takes the continuation of `before` piece by piece, and gives what is to be shown.

    A repetition at its beginning is left out: of the end of `before`, or of all of it. A continuation that repeats
    the beginning of `before` and then departs from it is a new answer, and stands apart.
    """

    def __init__(self, before: str) -> None:
        self._before = before
        self._held = ""
        self._open = True

    def feed(self, piece: str) -> str:
        """What may be shown once `piece` came; a possible repetition is held until it is one or is none.

        So are the spaces after it, of which only what follows tells whether they are too many.
        """
        if not self._open:
            return piece
        self._held += piece
        if self._held.lstrip() not in self._before and self._joined(self._held).strip():
            return self.end()
        return ""

    def end(self) -> str:
        """What is still to be shown when no more comes."""
        self._open = False
        held, self._held = self._held, ""
        return self._joined(held)

    def _joined(self, text: str) -> str:
        words = text.lstrip()
        if not words:
            return ""
        repeated = self._repeated(words)
        if repeated:
            gap = self._before[len(self._before.rstrip()) :]
            return self._spaced(words[repeated:].removeprefix(gap))
        if _common(words, self._before.lstrip()) >= min(RESTART, len(self._before.strip())):
            return SEPARATOR + words
        return self._spaced(text)

    def _spaced(self, text: str) -> str:
        """Without a space too many; a new paragraph stays."""
        return text.lstrip(" ") if self._before[-1:].isspace() else text

    def _repeated(self, words: str) -> int:
        """How many of its first characters repeat the end of what stands before, leaving spaces at that end aside."""
        before = self._before.strip()
        for size in range(min(len(words), len(before)), 0, -1):
            if before.endswith(words[:size]):
                starts = size == len(before) or not before[-size - 1].isalnum()
                return size if starts and (size >= SHORTEST or size == len(before)) else 0
        return 0


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
