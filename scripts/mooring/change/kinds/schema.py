"""JSON Schemas: which values that were accepted may now be refused."""

from collections.abc import Iterator
from typing import Any

from mooring.change.walk import same
from mooring.change.wording import show

_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_ANNOTATIONS = ("title", "description", "default", "examples", "$comment", "deprecated", "x-untrusted")
_WEIGHED = frozenset({*_UPPER, *_LOWER, *_ANNOTATIONS, "required", "enum", "properties", "additionalProperties"})


def narrowings(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """What got narrower, in words. Keywords it does not weigh (`pattern`, `anyOf`, …) count as narrower."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        if not same(before, after) and after is not True:
            yield f"{place or 'the whole'} must be {show(after)}"
        return
    at = f" of {place}" if place else ""
    for name in _added(before.get("required"), after.get("required")):
        yield f"{_join(place, name)} is now required"
    if "enum" in after and not same(before.get("enum"), after["enum"]):
        lost = _added(after["enum"], before["enum"]) if "enum" in before else ["anything else"]
        for value in lost:
            yield f"{show(value)} is no longer a value{at}"
    yield from _bounds(before, after, at)
    yield from _properties(before, after, place)
    for keyword in sorted((before.keys() | after.keys()) - _WEIGHED):
        if keyword in after and not same(before.get(keyword), after[keyword]):
            yield f"{keyword}{at} {show(before.get(keyword))} → {show(after[keyword])}"


def _bounds(before: dict[str, Any], after: dict[str, Any], at: str) -> Iterator[str]:
    for keyword in (*_UPPER, *_LOWER):
        if keyword not in after or same(before.get(keyword), after[keyword]):
            continue
        old, new = before.get(keyword), after[keyword]
        comparable = isinstance(old, int | float) and isinstance(new, int | float)
        if not comparable or (new < old if keyword in _UPPER else new > old):
            yield f"{keyword}{at} {show(old)} → {show(new)}"


def _properties(before: dict[str, Any], after: dict[str, Any], place: str) -> Iterator[str]:
    old, new = properties_of(before), properties_of(after)
    closed = after.get("additionalProperties", True) is not True
    for name in sorted(old):
        if name in new:
            yield from narrowings(old[name], new[name], _join(place, name))
        elif closed:
            yield f"{_join(place, name)} is gone"
    if not same(before.get("additionalProperties", True), after.get("additionalProperties", True)) and closed:
        yield f"only the properties named are accepted{f' in {place}' if place else ''}"


def properties_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The named properties; none when the schema says nothing sensible about them."""
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _added(before: Any, after: Any) -> list[Any]:
    known, now = (value if isinstance(value, list) else [] for value in (before, after))
    return [value for value in now if not any(same(value, old) for old in known)]


def _join(place: str, name: str) -> str:
    return show(f"{place}.{name}" if place else name)
