"""Regular expressions of documents: valid, and not able to run for ever."""

import re

_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
_MANY = re.compile(r"[*+]|\{\d*,\}|\{\d{2,}")


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a regular expression, or None. Nested unbounded repeats, such as `(a+)+`, backtrack
    exponentially on text that nearly matches."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"is no regular expression: {error}"
    return "repeats a repeat, which can run for ever; unnest it" if _explodes(pattern) else None


def _explodes(pattern: str) -> bool:
    """Whether a group that holds an unbounded repeat is itself repeated."""
    repeats = [False]
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 2
        elif sign == "[":
            at = _after_class(pattern, at)
        elif sign == "(":
            repeats.append(False)
            at += 1
        elif sign == ")" and len(repeats) > 1:
            inside = repeats.pop()
            if inside and _MANY.match(pattern, at + 1):
                return True
            repeats[-1] |= inside
            at += 1
        else:
            repeats[-1] |= _UNBOUNDED.match(pattern, at) is not None
            at += 1
    return False


def _after_class(pattern: str, at: int) -> int:
    """The place after a character class that opens at `at`; a `]` in first place is a character of it."""
    at += 2 if pattern.startswith("[^", at) else 1
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1
