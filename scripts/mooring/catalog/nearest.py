"""Did you mean…?"""

from collections.abc import Iterable


def nearest(word: str, words: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The most similar of `words`, or None when none is near; `likeness` is a rate, 1 for the same word."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(words), n=1, cutoff=likeness)), None)


def suggestion(word: str, words: Iterable[str], *, likeness: float = 0.6) -> str:
    """`; did you mean 'x'?`, or nothing."""
    near = nearest(word, words, likeness=likeness)
    return f"; did you mean {near!r}?" if near else ""
