"""Regular expressions of documents: valid, and not able to run for ever.

Python's engine backtracks. Time is exponential where a repeated group can split one text in many ways: a repeat at its
end goes on with what the group itself may start with, as in `(a+)+`; `(/[a-z]+)*` can be split in one way only.
Overlapping alternatives, as in `(a|aa)*`, and polynomial time, as in `a*a*a*`, are not looked for.
"""

import importlib
import re
import warnings
from collections.abc import Iterator
from typing import Any

MANY = 10
"""As many rounds of a repeat count as without end."""

_ALPHABET = [chr(code) for code in (*range(128), 0xE9, 0x4E2D)]
"""Stands for all characters: ASCII, and two letters beyond it."""

Chars = frozenset[str]
_ALL: Chars = frozenset(_ALPHABET)
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a regular expression, in words, or None."""
    # The parser of `re` is the only reader of the syntax that agrees with the engine; it has no public name.
    parser = importlib.import_module("re._parser")
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(pattern)
            tree = parser.parse(pattern)
        explodes = any(map(_ambiguous, _repeated(tree)))
    except (re.error, RecursionError, OverflowError) as error:
        return f"is no regular expression: {error}"
    return "repeats a repeat, which can run for ever; make it split in one way only" if explodes else None


def _parts(op: str, value: Any) -> list[Any]:
    """The sequences directly inside an item."""
    if op in (*_REPEATS, "POSSESSIVE_REPEAT"):
        return [value[2]]
    if op == "SUBPATTERN":
        return [value[3]]
    if op == "BRANCH":
        return list(value[1])
    if op in ("ASSERT", "ASSERT_NOT"):
        return [value[1]]
    if op == "GROUPREF_EXISTS":
        return [part for part in value[1:] if part is not None]
    return [value] if op == "ATOMIC_GROUP" else []


def _repeated(sequence: Any) -> Iterator[Any]:
    """Every sequence that is repeated many times, however deep."""
    for op, value in sequence:
        if str(op) in _REPEATS and value[1] >= MANY:
            yield value[2]
        for part in _parts(str(op), value):
            yield from _repeated(part)


def _ambiguous(body: Any) -> bool:
    """Whether many rounds of `body` can split one text in many ways."""
    start = _first(body)
    return any(start & chars for chars in _ends(body))


def _ends(sequence: Any) -> Iterator[Chars]:
    """What each repeat that may stand last goes on with."""
    for op, value in reversed(list(sequence)):
        if str(op) in _REPEATS and value[1] >= MANY:
            yield _first(value[2])
        for part in _parts(str(op), value):
            yield from _ends(part)
        if not _empty(str(op), value):
            return


def _first(sequence: Any) -> Chars:
    """The characters a match of `sequence` may start with."""
    chars: Chars = frozenset()
    for op, value in sequence:
        chars |= _start(str(op), value)
        if not _empty(str(op), value):
            break
    return chars


def _start(op: str, value: Any) -> Chars:
    if op == "LITERAL":
        return frozenset(chr(value))
    if op == "NOT_LITERAL":
        return _ALL - {chr(value)}
    if op in ("ANY", "GROUPREF"):
        return _ALL
    if op == "IN":
        return _class(value)
    inner: list[Chars] = [] if op.startswith("ASSERT") else [_first(part) for part in _parts(op, value)]
    return frozenset().union(*inner)


def _class(items: Any) -> Chars:
    chars: set[str] = set()
    for op, value in items:
        if str(op) == "LITERAL":
            chars.add(chr(value))
        elif str(op) == "RANGE":
            chars.update(char for char in _ALPHABET if value[0] <= ord(char) <= value[1])
        elif str(op) == "CATEGORY":
            chars.update(char for char in _ALPHABET if _in_category(str(value), char))
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    return _ALL - chars if negated else frozenset(chars)


def _in_category(category: str, char: str) -> bool:
    name = category.removeprefix("CATEGORY_")
    fits = {"DIGIT": char.isdigit(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
    return fits[name.removeprefix("NOT_")] != name.startswith("NOT_")


def _empty(op: str, value: Any) -> bool:
    """Whether an item may match nothing."""
    if op in (*_REPEATS, "POSSESSIVE_REPEAT"):
        return value[0] == 0 or _all_empty(value[2])
    if op in ("AT", "ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS"):
        return True
    parts = _parts(op, value)
    return bool(parts) and any(map(_all_empty, parts))


def _all_empty(sequence: Any) -> bool:
    return all(_empty(str(op), value) for op, value in sequence)
