"""Walks two JSON values side by side and asks the rules of a kind what each difference means."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mooring.release.canonical import canonical


@dataclass(frozen=True, slots=True)
class Note:
    """What one difference means: a code of the table, and a sentence that the document's name begins.

    A rule gives `path` where it means a place below its own, and `values` (before, after) where they
    are not the two it was called with; the walk fills in both.
    """

    code: str
    text: str
    path: str = ""
    values: tuple[Any, Any] | None = None


Rule = Callable[[Any, Any], Iterator[Note]]
"""Called with two values that differ. One that yields nothing leaves the difference to the walk."""

Rules = Mapping[str, Rule]
"""By dotted path; a path below a rule's is the rule's business."""

Fallback = Callable[[str, Any, Any], Note]
"""What a difference means that no rule knows."""


def same(before: Any, after: Any) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, but 1 is not true."""
    # Most values are written alike, which is seen a hundred times faster than by their canonical form.
    return before is after or repr(before) == repr(after) or canonical(before) == canonical(after)


def walk(before: Any, after: Any, rules: Rules, fallback: Fallback, path: str = "") -> Iterator[Note]:
    """At least one note for every difference; none for equal values."""
    if not same(before, after):
        yield from _differ(before, after, rules, fallback, path)


def _differ(before: Any, after: Any, rules: Rules, fallback: Fallback, path: str) -> Iterator[Note]:
    notes = tuple(rules[path](before, after)) if path in rules else ()
    if not notes and isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            # A key that is there with the value null is not a key that is missing.
            if key not in before or key not in after or not same(before[key], after[key]):
                below = f"{path}.{key}" if path else key
                yield from _differ(before.get(key), after.get(key), rules, fallback, below)
        return
    for note in notes or (fallback(path, before, after),):
        yield replace(note, path=f"{path}.{note.path}" if note.path else path, values=note.values or (before, after))
