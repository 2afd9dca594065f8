"""Joins a text that stopped and its continuation by another model."""

import re

from mooring.runtime.agent.ladder.sentences import normal, split

SHORTEST = 8
"""Characters of an overlap that are taken for a repetition; a shorter one may be chance ("very very")."""

RESTART = 24
"""Characters in common with the beginning that show a continuation which starts again instead."""

SEPARATOR = "\n\n"
"""Stands between a text and an answer that does not continue it."""

# The end of a text that may be half a word. Scripts without spaces are not held up, nor are long runs such as links.
_WORDY = "[^\\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
_LATIN_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019\u00bb)\]*_`]*$")
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

    It is held until its first sentence is whole, since only then it can be told from a repetition. Left out are: the
    whole of `before` or its end said again, sentences of it said again in other marks or case, and the beginning of the
    sentence in which it stopped. A continuation that starts again and then departs from `before` is a new answer, and
    stands apart.
    """

    def __init__(self, before: str) -> None:
        self._before = before
        sentences, self._fragment = split(before)
        self._sentences = [normal(sentence) for sentence in sentences]
        self._held = ""
        self._next: int | None = None  # the sentence that a model which says all again would say next
        self._open = bool(before.strip())

    def feed(self, piece: str) -> str:
        """What may be shown once `piece` came."""
        if not self._open:
            return piece
        self._held += piece
        return self._decided(ended=False)

    def end(self) -> str:
        """What is still to be shown when no more comes."""
        if not self._open:
            return ""
        shown = self._decided(ended=True)
        self._open = False
        return shown

    def _decided(self, ended: bool) -> str:
        words, before = self._held.lstrip(), self._before.strip()
        if not ended and (not words or words.rstrip() in before):
            return ""  # nothing yet, or only what was said before
        if before and words.startswith(before):
            rest = words[len(before) :]
            return self._close(self._spaced(rest.removeprefix(self._gap))) if rest.strip() or ended else ""
        sentences, rest = split(self._held)
        if ended and rest:
            sentences, rest = [*sentences, rest], ""
        for index, sentence in enumerate(sentences):
            if not self._said(normal(sentence)):
                return self._close(self._joined(sentence, "".join([*sentences[index + 1 :], rest])))
        self._held = rest
        return ""

    def _close(self, text: str) -> str:
        self._open, self._held = False, ""
        return text

    def _said(self, sentence: str) -> bool:
        """Whether this sentence was shown: any as the first one, and then the one after it."""
        place = self._next
        if place is None:
            known = sentence in self._sentences and (len(sentence) >= SHORTEST or sentence == self._sentences[0])
            place = self._sentences.index(sentence) if known else None
        if place is None or place >= len(self._sentences) or self._sentences[place] != sentence:
            return False
        self._next = place + 1
        return True

    def _joined(self, first: str, rest: str) -> str:
        """The continuation from `first` on, its first sentence that is not just one of `before`."""
        words = first.lstrip()
        if restarted := self._restarted(words):
            return self._spaced((words[restarted:] + rest).removeprefix(self._gap))
        if repeated := self._repeated(words + rest):
            return self._spaced((words + rest)[repeated:].removeprefix(self._gap))
        departed = self._next is not None and (self._next < len(self._sentences) or bool(normal(self._fragment)))
        common = _common(words + rest, self._before.lstrip())
        if departed or common >= min(RESTART, len(self._before.strip())):
            return SEPARATOR + words + rest
        return self._spaced(first + rest)

    @property
    def _gap(self) -> str:
        return self._before[len(self._before.rstrip()) :]

    def _spaced(self, text: str) -> str:
        """Without a space too many or too few between two sentences; a new paragraph stays."""
        if self._before[-1:].isspace():
            return text.lstrip(" ")
        apart = text[:1].isspace() or not text or not _LATIN_END.search(self._before)
        return text if apart else f" {text}"

    def _restarted(self, words: str) -> int:
        """How many of its first characters say again the unfinished sentence at the end of what stands before."""
        wanted = normal(self._fragment)
        for size in range(1, min(len(words), 2 * len(self._fragment) + SHORTEST) + 1):
            if wanted and normal(words[:size]) == wanted:
                whole = size == len(words) or not (words[size - 1].isalnum() and words[size].isalnum())
                return size if whole else 0
        return 0

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
