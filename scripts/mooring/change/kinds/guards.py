"""Guards: which limits on plans are looser than before."""

from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides, number
from mooring.change.walk import Note, Rules, same
from mooring.change.wording import show

WEAKENED, CHANGED = "guards.weakened", "guards.changed"


def rules(_: Sides) -> Rules:
    return {"guards": limits, "maxRisk": number(WEAKENED, CHANGED, "risk of a plan at most"), "overrideOwners": owners}


def limits(before: Any, after: Any) -> Iterator[Note]:
    old, new = ({guard["name"]: guard for guard in side} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Note(WEAKENED, f"guard {show(name)} removed", values=(old[name], None))
        elif name not in old:
            yield Note(CHANGED, f"guard {show(name)} added", values=(None, new[name]))
        elif not same(old[name], new[name]):
            yield from _limit(name, old[name], new[name])


def _limit(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Note]:
    lost = [meaning for meaning in old["meanings"] if meaning not in new["meanings"]]
    if lost:
        yield Note(WEAKENED, f"guard {show(name)} no longer watches {', '.join(map(show, lost))}", values=(old, new))
    if new["atMost"] > old["atMost"]:
        yield Note(
            WEAKENED, f"guard {show(name)} lets {new['atMost']} pass instead of {old['atMost']}", values=(old, new)
        )
    if not lost and new["atMost"] <= old["atMost"]:
        yield Note(CHANGED, f"guard {show(name)} reads differently, not looser", values=(old, new))


def owners(before: Any, after: Any) -> Iterator[Note]:
    for owner in sorted(set(after) - set(before)):
        yield Note(WEAKENED, f"{show(owner)} may override", values=(None, owner))
    for owner in sorted(set(before) - set(after)):
        yield Note(CHANGED, f"{show(owner)} may no longer override", values=(owner, None))
