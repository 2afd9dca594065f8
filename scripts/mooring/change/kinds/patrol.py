"""Patrols: which changes let trouble with a dependency go unnoticed, or be noticed later."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mooring.change.rules import Sides, number
from mooring.change.walk import Note, Rules
from mooring.change.wording import show

Defaults = Mapping[str, int]

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

INHERITED = ("failures", "recoveries")
"""Fields of a check that stand instead of the document's own; null is the document's."""

NAMING = ("environments", "models", "servers", "suites", "jobs", "tenant")
"""Fields that name what is looked at; none named is all."""

STATUSES = "statuses"
"""The field with the statuses of HTTP that are good; none named is any 2xx."""

SUCCESSFUL = range(200, 300)

OTHERWISE = ("address", "authority", "path", "secretHeader", "secretRef", "serverName", "service", "store", "url")
"""Fields that say where and how to look: a change makes another check of it, not a weaker one."""


def rules(sides: Sides) -> Rules:
    defaults = [{key: side[key] for key in INHERITED} for side in (sides.before, sides.after)]
    return {
        "checks": partial(checks, *defaults),
        "failures": number(WEAKENED, CHANGED, "looks in a row until a check gets worse"),
        "keepDays": number(CHANGED, CHANGED, "what was seen is kept", " days"),
        "recoveries": number(CHANGED, WEAKENED, "patrols in a row until a check gets better"),
        "repeatAfterSeconds": number(CHANGED, CHANGED, "a worse look is repeated after", " s"),
    }


def checks(old_defaults: Defaults, new_defaults: Defaults, before: Any, after: Any) -> Iterator[Note]:
    """Checks are compared by their names. The defaults are those of the two documents."""
    old, new = ({check["name"]: check for check in side} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was is None and now is not None:
            yield Note(CHANGED, f"check {show(name)} ({now['kind']}) is made", values=(None, now))
        elif now is None and was is not None:
            yield Note(WEAKENED, f"check {show(name)} ({was['kind']}) is no longer made", values=(was, None))
        elif was is not None and now is not None and was != now:
            yield _check(name, was, now, {key: (old_defaults[key], new_defaults[key]) for key in INHERITED})
    if old == new:
        yield Note(CHANGED, "lists its checks in another order")


def _check(name: str, was: Mapping[str, Any], now: Mapping[str, Any], defaults: Mapping[str, tuple[int, int]]) -> Note:
    if was["kind"] != now["kind"]:
        return Note(WEAKENED, f"check {show(name)} is {now['kind']} instead of {was['kind']}", values=(was, now))
    moved = [key for key in sorted(was.keys() | now.keys()) if was.get(key) != now.get(key)]
    said = ", ".join(f"{key} {_words(key, was.get(key))} → {_words(key, now.get(key))}" for key in moved)
    weaker = any(_looser(key, *_in_force(was.get(key), now.get(key), defaults.get(key))) for key in moved)
    return Note(WEAKENED if weaker else CHANGED, f"check {show(name)}: {said}", values=(was, now))


def _words(key: str, value: Any) -> str:
    if key == STATUSES:
        return show(", ".join(map(str, value or ())) or "2xx")
    return show(", ".join(_named(value)) or "all") if key in NAMING else show(value)


def _in_force(was: Any, now: Any, defaults: tuple[int, int] | None) -> tuple[Any, Any]:
    """Both values, of which null is what the document says."""
    before, after = defaults or (None, None)
    return before if was is None else was, after if now is None else now


def _named(value: Any) -> list[str]:
    """What a field names: a list, one name, or null."""
    return [] if value is None else [value] if isinstance(value, str) else [str(one) for one in value]


def _looser(key: str, was: Any, now: Any) -> bool:
    """Whether a field of a check lets more pass."""
    if key in NAMING:
        return bool(_named(now)) and (not _named(was) or not set(_named(was)) <= set(_named(now)))
    if key == STATUSES:
        return not set(now or SUCCESSFUL) <= set(was or SUCCESSFUL)
    if key not in LOOSER or was is None or now is None:
        return False
    return bool((now - was) * LOOSER[key] > 0)
