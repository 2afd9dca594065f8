"""Exports: what is no longer kept as long, or no longer kept from other eyes."""

from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides, moved, number
from mooring.change.walk import Note, Rules
from mooring.change.wording import show

WEAKENED, CHANGED, MOVED = "export.weakened", "export.changed", "export.moved"


def rules(_: Sides) -> Rules:
    kept = {
        f"keepDays.{name}": number(CHANGED, WEAKENED, f"copies of {what} are kept", " days")
        for name, what in (("conversations", "conversations"), ("memory", "memory"), ("runs", "runs"))
    }
    return {
        **kept,
        "atLeast": number(CHANGED, WEAKENED, "copies that stay whatever their age"),
        "destination": moved(MOVED, "destination"),
        "encryption": encryption,
        "everyMinutes": number(WEAKENED, CHANGED, "from one copy to the next", " min"),
        "holds": holds,
    }


def encryption(before: Any, after: Any) -> Iterator[Note]:
    if after is None:
        yield Note(WEAKENED, "copies are no longer encrypted")
        return
    old, new = (set(side["recipients"]) if side else set() for side in (before, after))
    if before is None:
        yield Note(CHANGED, f"copies are encrypted for {', '.join(map(show, sorted(new)))}")
        return
    for key in sorted(new - old):
        yield Note(MOVED, f"{show(key)} can read copies from now on", values=(None, key))
    for key in sorted(old - new):
        yield Note(MOVED, f"{show(key)} can no longer read new copies", values=(key, None))
    if before["identity"] != after["identity"]:
        yield Note(CHANGED, f"copies are read with {show(before['identity'])} → {show(after['identity'])}")


def holds(before: Any, after: Any) -> Iterator[Note]:
    for hold in (old for old in before if old not in after):
        yield Note(WEAKENED, f"the hold on {show(hold['prefix'])} ({show(hold['reason'])}) ends", values=(hold, None))
    for hold in (new for new in after if new not in before):
        yield Note(CHANGED, f"copies that begin with {show(hold['prefix'])} are held", values=(None, hold))
    if sorted(map(str, before)) == sorted(map(str, after)):
        yield Note(CHANGED, "lists its holds differently")
