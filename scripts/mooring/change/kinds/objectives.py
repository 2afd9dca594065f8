"""Objectives: what is promised less, and what nobody is told of any more."""

from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides, moved
from mooring.change.walk import Note, Rules
from mooring.change.wording import count, show
from mooring.spec.objectives import seconds

WEAKENED, CHANGED, TOLD = "objectives.weakened", "objectives.changed", "objectives.told-otherwise"


def rules(_: Sides) -> Rules:
    return {
        "alertmanager": moved(TOLD, "Alertmanager"),
        "objectives": objectives,
        "prometheus": moved(TOLD, "Prometheus"),
        "receivers.page": _receivers("pages"),
        "receivers.ticket": _receivers("tickets"),
    }


def objectives(before: Any, after: Any) -> Iterator[Note]:
    """Promises are compared by their names."""
    old, new = ({one["name"]: one for one in side} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was is None:
            yield Note(CHANGED, f"promises {show(name)}: {_promise(now)}", values=(None, now))
        elif now is None:
            yield Note(WEAKENED, f"no longer promises {show(name)}: {_promise(was)}", values=(was, None))
        elif was != now:
            yield from _compared(name, was, now)
    if old == new:
        yield Note(CHANGED, "lists its promises differently")


def _compared(name: str, was: Any, now: Any) -> Iterator[Note]:
    """One note for each difference, with the looser side as a weakening."""
    if _of(was) != _of(now):
        text = f"{show(name)} is measured otherwise: {_promise(was)} → {_promise(now)}"
        yield Note(WEAKENED, text, values=(was, now))
        return
    differences = (
        ("atLeast", "at least", _lower), ("atMost", "at most", _higher),
        ("minEvents", "events needed to say anything", _higher),
        ("severity", "severity", _ticket), ("window", "over", _longer),
    )  # fmt: skip
    for key, label, weaker in differences:
        if was[key] != now[key]:
            code = WEAKENED if weaker(was[key], now[key]) else CHANGED
            text = f"{show(name)}: {label} {show(was[key])} → {show(now[key])}"
            yield Note(code, text, values=(was[key], now[key]))


def _of(one: Any) -> tuple[Any, ...]:
    return one["signal"], one["ratio"], one["atLeast"] is None


def _lower(was: float, now: float) -> bool:
    return now < was


def _higher(was: float, now: float) -> bool:
    return now > was


def _ticket(_was: str, now: str) -> bool:
    return now == "ticket"


def _longer(was: str, now: str) -> bool:
    """The same share over a longer time may be missed for longer at once."""
    return seconds(now) > seconds(was)


def _promise(one: Any) -> str:
    side = f"at least {show(one['atLeast'])}" if one["atLeast"] is not None else f"at most {show(one['atMost'])}"
    of = one["signal"] or f"of {one['ratio']['total']['metric']}"
    return f"{of} {side} over {one['window']}"


def _receivers(what: str) -> Any:
    def rule(before: Any, after: Any) -> Iterator[Note]:
        code = WEAKENED if len(after) < len(before) else TOLD
        yield Note(code, f"{what} go to {count(len(before), 'receiver')} → {count(len(after), 'receiver')}")

    return rule
