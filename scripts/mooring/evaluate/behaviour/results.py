"""JSON Schemas of what comes out: what readers could rely on, and cannot any more."""

from collections.abc import Iterator
from typing import Any

from mooring.change.kinds.schema import narrowings, properties_of
from mooring.change.walk import same
from mooring.change.wording import show

_WEIGHED = frozenset({"properties", "required", "enum", "items", "additionalProperties"})


def losses(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """What is no longer promised, in words. None or `true` promises nothing."""
    if not isinstance(before, dict):
        return
    if not isinstance(after, dict):
        yield f"{place or 'as a whole'} has no shape any more"
        return
    yield from _fields(before, after, place)
    if "enum" in before:
        known, now = before["enum"], after.get("enum")
        if not isinstance(now, list):
            yield f"{place or 'as a whole'} may be anything now"
        else:
            yield from (f"{place or 'as a whole'} may be {show(one)} now" for one in now if one not in known)
    if "items" in before:
        yield from losses(before["items"], after.get("items"), f"{place}[]")
    for keyword in sorted((before.keys() | after.keys()) - _WEIGHED):
        # What narrows on the way back was promised before.
        if any(narrowings(_only(after, keyword), _only(before, keyword))):
            yield f"{keyword}{f' of {place}' * bool(place)} {show(before.get(keyword))} → {show(after.get(keyword))}"


def _fields(before: dict[str, Any], after: dict[str, Any], place: str) -> Iterator[str]:
    old, new = properties_of(before), properties_of(after)
    for name in sorted(old):
        at = f"{place}.{name}" if place else name
        if name not in new:
            yield f"field {show(at)} is gone"
        elif not same(old[name], new[name]):
            yield from losses(old[name], new[name], at)
    sure, still = (set(_names(schema)) for schema in (before, after))
    for name in sorted((sure - still) & new.keys()):
        yield f"field {show(f'{place}.{name}' if place else name)} may be missing now"


def _names(schema: dict[str, Any]) -> list[str]:
    required = schema.get("required")
    return required if isinstance(required, list) else []


def _only(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    return {keyword: schema[keyword]} if keyword in schema else {}
