"""Rules that many kinds share, made from codes and words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mooring.change.walk import Note, Rule
from mooring.change.wording import show
from mooring.release.content import ReleaseContent


@dataclass(frozen=True, slots=True)
class Sides:
    """Two versions of a document as JSON values, and the contents they stand in."""

    before: dict[str, Any]
    after: dict[str, Any]
    live: ReleaseContent
    desired: ReleaseContent


def moved(code: str, label: str) -> Rule:
    """`label before → after`."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        yield Note(code, f"{label} {show(before)} → {show(after)}")

    return rule


def number(up: str, down: str, label: str, unit: str = "") -> Rule:
    """One code for a rise, another for a fall. Leaves values that are not numbers to the walk."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        if _number(before) and _number(after):
            yield Note(up if after > before else down, f"{label} {show(before)} → {show(after)}{unit}")

    return rule


def budget(label: str, unit: str = "", fall: str = "budget.lowered") -> Rule:
    """A limit on what a request may cost: raised, at least doubled, or lowered."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        if _number(before) and _number(after):
            code = fall if after < before else "budget.doubled" if after >= 2 * before else "budget.raised"
            said = "budget doubled: " if code == "budget.doubled" else ""
            yield Note(code, f"{said}{label} {show(before)} → {show(after)}{unit}")

    return rule


def turned(on: tuple[str, str], off: tuple[str, str]) -> Rule:
    """(code, text) for a flag that became true, and for one that became false."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        code, text = on if after else off
        yield Note(code, text)

    return rule


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
