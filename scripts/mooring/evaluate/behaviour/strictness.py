"""Whether assertions still ask as much. What cannot be told from the two values counts as less."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from mooring.change.wording import show
from mooring.spec.assertions import LEVENSHTEIN, NOT, kind_of
from mooring.spec.suite import Assertion
from mooring.spec.values import ArgsMatch, Canaries, Count, ToolPolicy, ToolUse
from mooring.spec.values import Sequence as Order

Note = tuple[str, str]
"""(code, text)."""

AT_MOST = frozenset({"cost", "latency", LEVENSHTEIN})
"""Types whose threshold is a maximum."""


def lost(before: Iterable[Assertion], after: Iterable[Assertion]) -> Iterator[Note]:
    """Assertions that are gone, or have none of their type in their place that is as strict."""
    now, gone = list(after), []
    for assertion in before:
        if assertion in now:
            now.remove(assertion)
        else:
            gone.append(assertion)
    for assertion in gone:
        alike = [one for one in now if one.type == assertion.type]
        other = next((one for one in alike if as_strict(assertion, one)), next(iter(alike), None))
        if other is None:
            yield "assertion-dropped", f"no longer asks for {_words(assertion)}"
            continue
        now.remove(other)
        if not as_strict(assertion, other):
            looser = as_strict(other, assertion)
            code, how = ("loosened", "asks for less") if looser else ("rewritten", "asks for something else")
            yield f"assertion-{code}", f"{how}: {_words(assertion)} → {_words(other)}"


def _words(assertion: Assertion) -> str:
    value = "" if assertion.value is None else f" {show(assertion.value)}"
    threshold = "" if assertion.threshold is None else f", threshold {show(assertion.threshold)}"
    weight = "" if assertion.weight == 1 else f", weight {show(assertion.weight)}"
    return f"{assertion.type}{value}{threshold}{weight}"


def as_strict(before: Assertion, after: Assertion) -> bool:
    """Whether whatever `after` lets pass, `before` would have let pass too. Both are of one type."""
    return after.weight >= before.weight and _threshold(before, after) and _value(before, after)


def _threshold(before: Assertion, after: Assertion) -> bool:
    kind = kind_of(before.type)
    default = kind.default if kind else None
    old, new = (default if one.threshold is None else one.threshold for one in (before, after))
    if old == new:
        return True
    if old is None or new is None:
        return False
    at_most = (before.type.removeprefix(NOT) in AT_MOST) != before.type.startswith(NOT)
    return new <= old if at_most else new >= old


def _value(before: Assertion, after: Assertion) -> bool:
    if before.value == after.value:
        return True
    rule, kind = STRICTER.get(before.type), kind_of(before.type)
    if rule is None or kind is None:
        return False
    try:
        return rule(kind.read(before.value), kind.read(after.value))
    except ValidationError:
        return False


def _fewer(before: Sequence[str], after: Sequence[str]) -> bool:
    return set(after) <= set(before)


def _more(before: Sequence[str] | None, after: Sequence[str] | None) -> bool:
    return set(after or ()) >= set(before or ())


def _within(before: Count, after: Count) -> bool:
    return after.min >= before.min and (before.max is None or (after.max is not None and after.max <= before.max))


def _uses(before: ToolUse, after: ToolUse) -> bool:
    return _more(before.name, after.name) and _within(before.count, after.count)


def _arguments(before: ArgsMatch, after: ArgsMatch) -> bool:
    if before.name != after.name or (before.mode == "exact" and after.mode != "exact"):
        return False
    same = all(name in after.args and after.args[name] == value for name, value in before.args.items())
    return after.args == before.args if before.mode == "exact" else same


def _order(before: Order, after: Order) -> bool:
    return before.steps == after.steps and not (before.mode == "exact" and after.mode != "exact")


def _policy(before: ToolPolicy, after: ToolPolicy) -> bool:
    allowed = before.allowed is None or (after.allowed is not None and _fewer(before.allowed, after.allowed))
    calls = all(name in after.max_calls and after.max_calls[name] <= most for name, most in before.max_calls.items())
    order = all(one in after.before for one in before.before)
    return allowed and calls and order and _more(before.forbidden, after.forbidden)


def _canaries(before: Canaries, after: Canaries) -> bool:
    return _more(before.canaries, after.canaries) and _more(before.calls, after.calls)


STRICTER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "awaits-approval": _more,
        "contains-all": _more,
        "contains-any": _fewer,
        "no-secret": _more,
        "no-untrusted-echo": _canaries,
        "rung": _fewer,
        "tool-policy": _policy,
        "trajectory:step-count": _within,
        "trajectory:tool-args-match": _arguments,
        "trajectory:tool-sequence": _order,
        "trajectory:tool-used": _uses,
        "word-count": _within,
    }
)
"""(before, after) -> whether after is as strict. Types that are not here are as strict only when they are the same."""
