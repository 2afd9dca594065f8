"""Patrols: which changes let trouble with a dependency go unnoticed, or be noticed later."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.change.rules import Sides, number
from mooring.change.walk import Note, Rules
from mooring.change.wording import show

WEAKENED, CHANGED = "patrol.weakened", "patrol.changed"

LOOSER = {
    "alarmAboveSeconds": 1,
    "alarmAboveRatio": 1,
    "alarmBelowDays": -1,
    "okBelowSeconds": 1,
    "okBelowRatio": 1,
    "okAboveDays": -1,
    "timeoutSeconds": 1,
    "usdPerMonth": 1,
    "failures": 1,
    "recoveries": -1,
    "atLeast": -1,
}
"""Fields of a check by which more (1) or less (-1) is looser."""

NAMING = ("environments", "models", "servers", "suites", "jobs")
"""Fields that name what is looked at; none named is all."""


def rules(_: Sides) -> Rules:
    return {
        "checks": checks,
        "failures": number(WEAKENED, CHANGED, "looks in a row until a check gets worse"),
        "keepDays": number(CHANGED, CHANGED, "what was seen is kept", " days"),
        "recoveries": number(CHANGED, WEAKENED, "patrols in a row until a check gets better"),
        "repeatAfterSeconds": number(CHANGED, CHANGED, "a worse look is repeated after", " s"),
    }


def checks(before: Any, after: Any) -> Iterator[Note]:
    """Checks are compared by their names."""
    old, new = ({check["name"]: check for check in side} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was is None and now is not None:
            yield Note(CHANGED, f"check {show(name)} ({now['kind']}) is made", values=(None, now))
        elif now is None and was is not None:
            yield Note(WEAKENED, f"check {show(name)} ({was['kind']}) is no longer made", values=(was, None))
        elif was is not None and now is not None and was != now:
            yield _check(name, was, now)
    if old == new:
        yield Note(CHANGED, "lists its checks in another order")


def _check(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Note:
    if was["kind"] != now["kind"]:
        return Note(WEAKENED, f"check {show(name)} is {now['kind']} instead of {was['kind']}", values=(was, now))
    moved = [key for key in sorted(was.keys() | now.keys()) if was.get(key) != now.get(key)]
    said = ", ".join(f"{key} {_words(key, was.get(key))} → {_words(key, now.get(key))}" for key in moved)
    weaker = any(_looser(key, was.get(key), now.get(key)) for key in moved)
    return Note(WEAKENED if weaker else CHANGED, f"check {show(name)}: {said}", values=(was, now))


def _words(key: str, value: Any) -> str:
    return show(", ".join(map(str, value)) or "all") if key in NAMING and value is not None else show(value)


def _looser(key: str, was: Any, now: Any) -> bool:
    """Whether a field of a check lets more pass. One that says where to look is not weaker but another one."""
    if key in NAMING:
        return bool(now) and (not was or not set(was) <= set(now))
    if key not in LOOSER or was is None or now is None:
        return False
    return bool((now - was) * LOOSER[key] > 0)
