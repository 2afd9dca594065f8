"""Drift: which answers leave more of what is beside git as it is."""

from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides, number
from mooring.change.walk import Note, Rules
from mooring.change.wording import show

WEAKENED, CHANGED = "drift.weakened", "drift.changed"
STRENGTH = ("tolerate", "report", "adopt", "heal")
"""Answers, the one that does least first."""


def rules(_: Sides) -> Rules:
    return {
        "answer": _default,
        "behaviour.budgetUsd": number("budget.raised", "budget.lowered", "a look at behaviour", " $"),
        "rules": _rules,
    }


def _default(before: Any, after: Any) -> Iterator[Note]:
    weaker = STRENGTH.index(after) < STRENGTH.index(before)
    yield Note(WEAKENED if weaker else CHANGED, f"drift that no rule names: {before} → {after}")


def _rules(before: Any, after: Any) -> Iterator[Note]:
    """Rules are compared by what they name; a rule that tolerates is weaker than any other, and than none."""
    old, new = ({_named(rule): rule for rule in side} for side in (before, after))
    for named in sorted(old.keys() | new.keys()):
        was, now = old.get(named), new.get(named)
        if was == now:
            continue
        code = WEAKENED if _strength(now) < _strength(was) or _longer(was, now) else CHANGED
        yield Note(code, f"drift of {show(named)}: {_answer(was)} → {_answer(now)}", values=(was, now))
    if old == new:
        yield Note(CHANGED, "the rules on drift are in another order")


def _named(rule: dict[str, Any]) -> str:
    where = f" in {', '.join(rule['environments'])}" if rule["environments"] else ""
    return f"{', '.join(rule['fields'])}{where}"


def _strength(rule: dict[str, Any] | None) -> int:
    return STRENGTH.index(rule["answer"]) if rule else STRENGTH.index("report")


def _longer(was: dict[str, Any] | None, now: dict[str, Any] | None) -> bool:
    """Whether something is tolerated for longer."""
    both = was and now and was["answer"] == now["answer"] == "tolerate"
    return bool(both and was and now and str(now["until"]) > str(was["until"]))


def _answer(rule: dict[str, Any] | None) -> str:
    if rule is None:
        return "no rule"
    until = f" until {rule['until']}" if rule["until"] else ""
    return f"{rule['answer']}{until}"
