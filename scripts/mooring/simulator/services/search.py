"""Finding texts by words, best first."""

import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_LITTLE = frozenset(
    {"and", "are", "can", "does", "for", "from", "have", "how", "the", "what", "when", "with", "you", "your"}
)


def best(query: str, texts: Sequence[tuple[T, str, str]], limit: int = 3) -> list[T]:
    """Values of (value, title, text) that share words with the query; a word in the title counts three times."""
    wanted = _stems(query)
    scored = [(3 * len(wanted & _stems(title)) + len(wanted & _stems(text)), value) for value, title, text in texts]
    hits = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
    return [value for _, value in hits[:limit]]


def _stems(text: str) -> set[str]:
    """Words without their commonest endings, so that `washing` finds `wash`."""
    words = set(re.findall(r"\w{3,}", text.lower())) - _LITTLE
    return {re.sub(r"(?<=\w{3})(ing|es|ed|s)$", "", word) for word in words}
