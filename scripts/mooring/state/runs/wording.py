"""How texts are found by what they say, in languages with spaces between words and without.

A word is looked for by its trigrams, so that other forms of it are found; a run of Han, Kana or Hangul, which has no
spaces, by each two characters that follow each other; what is shorter as it stands.
"""

import math
import re
import unicodedata
from collections.abc import Sequence

ENOUGH = 0.5
"""Share of a word's trigrams that a text must have to have the word: `preferred` has half of `preference`."""

NEAR = 0.3
"""Share of the best one's score that a text must have."""

MOST_TERMS = 64
"""Terms of a query that are looked for."""

_JOINED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_JOINED}]+|[^\W_{_JOINED}]+")
_IS_JOINED = re.compile(f"[{_JOINED}]")


def folded(text: str) -> str:
    """The text as it is searched: one form for full and half width, and for capital and small letters."""
    return unicodedata.normalize("NFKC", text).casefold()


class Terms:
    """What a query looks for: terms, each as the pieces of at most three characters that stand for it."""

    def __init__(self, query: str) -> None:
        found = [term for run in _RUNS.findall(folded(query)) for term in _terms(run)]
        self.terms = tuple(dict.fromkeys(found))[:MOST_TERMS]

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def pieces(self) -> list[str]:
        return list(dict.fromkeys(piece for term in self.terms for piece in term))


def ranked(terms: Terms, texts: Sequence[tuple[str, float]]) -> list[int]:
    """Indices of the folded texts that have to do with the terms, the best first, and of two as good the younger one.

    Each text comes with a time. A term that few of the texts have says more than one that most have.
    """
    held = [[_share(term, text) for term in terms.terms] for text, _ in texts]
    weights = [
        math.log(1 + len(texts) / (1 + sum(1 for shares in held if shares[number]))) + 0.1
        for number in range(len(terms.terms))
    ]
    scores = [sum(weight * share for weight, share in zip(weights, shares, strict=True)) for shares in held]
    least = NEAR * max(scores, default=0.0)
    found = [index for index, score in enumerate(scores) if score > 0 and score >= least]
    return sorted(found, key=lambda index: (-scores[index], -texts[index][1], index))


def _terms(run: str) -> list[tuple[str, ...]]:
    if _IS_JOINED.match(run):
        return [(run[at : at + 2],) for at in range(max(1, len(run) - 1))]
    return [tuple(run[at : at + 3] for at in range(max(1, len(run) - 2)))]


def _share(term: tuple[str, ...], text: str) -> float:
    share = sum(piece in text for piece in term) / len(term)
    return share if share >= ENOUGH else 0.0
