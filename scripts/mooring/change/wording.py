"""Values from documents in sentences: on one line, short, and free of what a terminal would obey."""

import json
import unicodedata
from typing import Any

LONGEST = 120
"""Characters of a value that are shown; the data form has it whole."""


def show(value: Any, longest: int = LONGEST) -> str:
    """A JSON value in a few words: text as it is, none as `nothing`, whole numbers without `.0`."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return clip(value, longest)
    return clip(json.dumps(_whole(value), ensure_ascii=False, sort_keys=True), longest)


def _whole(value: Any) -> Any:
    """The value with whole numbers as such, at any depth."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_whole(item) for item in value]
        case dict():
            return {name: _whole(item) for name, item in value.items()}
    return value


def quote(value: str) -> str:
    """Text from a document, in quotes."""
    return f"“{clip(value, LONGEST)}”"


def clip(text: str, longest: int) -> str:
    """One line of at most `longest` characters; control and invisible characters are written as escapes."""
    line = plain(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def plain(text: str) -> str:
    """All of a text, with control and invisible characters as escapes."""
    return "".join(map(visible, text))


def count(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def visible(character: str) -> str:
    """The character, or its escape where nobody would see it or a terminal would obey it."""
    # Cc: escape sequences; Cf: bidirectional overrides and zero-width marks; Cs: halves of pairs.
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"\\u{ord(character):04x}"
    return character
