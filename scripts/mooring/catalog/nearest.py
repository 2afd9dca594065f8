"""Did you mean…?"""

from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The most similar of `words`, or None when none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(words), n=1, cutoff=0.6)), None)


def suggestion(word: str, words: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    near = nearest(word, words)
    return f"; did you mean {near!r}?" if near else ""
