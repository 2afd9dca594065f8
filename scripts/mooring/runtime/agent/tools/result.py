"""Results are text from outside: read strictly, freed of what nobody can see, and bounded in depth."""

import json
import re
from typing import Any, NoReturn

DEEPEST = 32
"""Levels of nesting in a result; the same as in a document."""

# Control characters but tab and line ends; marks that turn the direction of text; halves of pairs, which have no
# UTF-8; and the tag characters, in which instructions to a model have been hidden from people.
_HIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")


def read(text: bytes | str) -> Any:
    """The JSON value in `text`. Raises ValueError, also for NaN and for what nests without end."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def clean(value: Any, depth: int = DEEPEST) -> Any:
    """The value without hidden characters in its texts and keys. Raises ValueError when it is nested too deep."""
    if depth == 0:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    match value:
        case str():
            return visible(value)
        case list():
            return [clean(item, depth - 1) for item in value]
        case dict():
            return {visible(key): clean(item, depth - 1) for key, item in value.items()}
    return value


def visible(text: str) -> str:
    """The text without hidden characters."""
    return _HIDDEN.sub("", text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
