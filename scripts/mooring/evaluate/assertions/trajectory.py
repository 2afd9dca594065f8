"""Assertions about the tools that were called, in which order and with what."""

from collections import Counter
from typing import Any

from mooring.evaluate.assertions.subject import Subject, Verdict, listed, shown
from mooring.spec.values import ArgsMatch, Count, Sequence, ToolUse


def names(subject: Subject) -> list[str]:
    return [call.name for call in subject.calls]


def tool_used(subject: Subject, use: ToolUse, _: float | None) -> Verdict:
    """Each of the tools is called as often as asked for; calls that failed count too."""
    counted = Counter(names(subject))
    wrong = [name for name in use.name if not use.count.fits(counted[name])]
    score = 1 - len(wrong) / len(use.name)
    told = ", ".join(f"{name} was {_times(counted[name])}" for name in wrong or use.name)
    expected = f", expected {use.count}" if wrong else ""
    return Verdict(not wrong, f"{told}{expected}; calls: {listed(names(subject))}", score)


def _times(number: int) -> str:
    return {0: "never called", 1: "called once", 2: "called twice"}.get(number, f"called {number} times")


def args_match(subject: Subject, wanted: ArgsMatch, _: float | None) -> Verdict:
    """One call that fits is enough."""
    made = [call.arguments for call in subject.calls if call.name == wanted.name]
    fits = covers if wanted.mode == "partial" else _same
    found = next((arguments for arguments in made if fits(wanted.args, arguments)), None)
    if found is not None:
        return Verdict(True, f"{wanted.name} was called with {shown(found)}")
    if not made:
        return Verdict(False, f"{wanted.name} was never called; calls: {listed(names(subject))}")
    told = " and ".join(shown(arguments) for arguments in made)
    return Verdict(False, f"{wanted.name} was called with {told}, expected {wanted.mode} {shown(wanted.args)}")


def _same(wanted: Any, given: Any) -> bool:
    return bool(wanted == given)


def covers(wanted: Any, given: Any) -> bool:
    """Whether `given` has all that `wanted` has; objects may have more, however deep."""
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(
            key in given and covers(value, given[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        same = isinstance(given, list) and len(wanted) == len(given)
        return same and all(covers(one, other) for one, other in zip(wanted, given, strict=True))
    return bool(wanted == given)


def tool_sequence(subject: Subject, wanted: Sequence, _: float | None) -> Verdict:
    made = names(subject)
    if wanted.mode == "exact":
        holds = made == list(wanted.steps)
    else:
        left = iter(made)
        holds = all(step in left for step in wanted.steps)
    return Verdict(holds, f"expected {wanted.mode} {' → '.join(wanted.steps)}; calls: {' → '.join(made) or 'none'}")


def step_count(subject: Subject, count: Count, _: float | None) -> Verdict:
    made = names(subject)
    return Verdict(count.fits(len(made)), f"{len(made)} tool calls, expected {count}; calls: {listed(made)}")
