"""Access of an environment: who may call, and how much."""

from collections.abc import Iterator
from typing import Any

from mooring.change.walk import Note, same
from mooring.change.wording import show

CHANGED = "environment.access-changed"
RAISED, LOWERED = "environment.access-raised", "environment.access-lowered"
_LIMITS = {
    "requestsPerMinute": "requests a minute",
    "concurrent": "requests at once",
    "tokensPerDay": "tokens a day",
    "usdPerDay": "USD a day",
}


def access(before: Any, after: Any) -> Iterator[Note]:
    """What a change of `access` means for those who call."""
    if before is None or after is None:
        code, says = ("opened", "no key any more") if after is None else ("closed", "a key")
        yield Note(f"environment.access-{code}", f"calls need {says}")
        return
    for part, name, what in (
        ("tenants", "name", "tenant"),
        ("keys", "name", "key"),
        ("issuers", "issuer", "issuer of tokens"),
    ):
        old, new = ({one[name]: one for one in side[part]} for side in (before, after))
        for label in sorted(old.keys() | new.keys()):
            yield from _one(part, f"{what} {label}", old.get(label), new.get(label))


def _one(part: str, label: str, before: Any, after: Any) -> Iterator[Note]:
    if before is None or after is None:
        code = RAISED if before is None else LOWERED
        yield Note(code, f"{label} {'may call' if before is None else 'may no longer call'}", part, (before, after))
        return
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if key == "limits":
            yield from _limits(part, label, old or {}, new or {})
        elif not same(old, new):
            default = "all agents" if key == "agents" else None
            yield Note(CHANGED, f"{label}: {key} {show(old or default)} → {show(new or default)}", part, (old, new))


def _limits(part: str, label: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Note]:
    for key, words in _LIMITS.items():
        old, new = before.get(key), after.get(key)
        if old != new:
            code = RAISED if new is None or (old is not None and new > old) else LOWERED
            shown = [show("no limit" if value is None else value) for value in (old, new)]
            yield Note(code, f"{label}: {words} {' → '.join(shown)}", part, (old, new))
