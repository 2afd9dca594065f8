"""Suites that ask less than before: a change must not pass because its own test was made easier.

Whatever is not certainly as strict as before is said. It needs a second approval only together with a change of what
the suite judges; an easier suite alone changes no agent, and is there for its owner to see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mooring.change.change import Change
from mooring.change.wording import show
from mooring.evaluate.behaviour.strictness import lost
from mooring.evaluate.behaviour.values import Weakening
from mooring.evaluate.cases import cases, question, turns
from mooring.evaluate.select import Side, closure
from mooring.spec.suite import Case, EvalSuite

Note = tuple[str, str]
"""(code, text)."""


def weakened(base: Side, head: Side, changes: Sequence[Change]) -> tuple[Weakening, ...]:
    """What suites of the base no longer ask, by suite and case. `changes` are those of the documents judged."""
    changed = {(change.kind, change.name) for change in changes if change.risk}
    found = [
        Weakening(name, case, code, text, suite.owner, bool(changed & (_of(base, suite) | _of(head, suite))))
        for name, suite in sorted(base.suites.items())
        for case, (code, text) in _suite(suite, head.suites)
    ]
    return tuple(sorted(found, key=lambda one: (not one.together, one.suite, one.case, one.code)))


def _of(side: Side, suite: EvalSuite) -> set[tuple[str, str]]:
    """The documents that a suite judges, as changes name them."""
    return {(kind.lower(), name) for kind, name in closure(side.content, suite.agent)}


def _suite(old: EvalSuite, suites: Mapping[str, EvalSuite]) -> Iterator[tuple[str, Note]]:
    """(case id or "", note)."""
    elsewhere = {
        case.id: question(case)
        for name, suite in suites.items() if name != old.name and suite.agent == old.agent
        for case in cases(suite)
    }  # fmt: skip
    new = suites.get(old.name)
    now = {case.id: case for case in cases(new)} if new else {}
    if new is None and any(elsewhere.get(case.id) != question(case) for case in cases(old)):
        yield "", ("suite-removed", f"the suite is gone, with {len(old.tests)} cases")
        return
    if new is not None:
        yield from (("", note) for note in _settings(old, new))
    for case in cases(old):
        if case.id in now:
            yield from ((case.id, note) for note in _case(case, now[case.id]))
        elif elsewhere.get(case.id) != question(case):
            yield case.id, ("case-removed", "the case is gone" + ", and it was critical" * case.critical)


@dataclass(frozen=True)
class Setting:
    """A number of a suite, and whether more of it is stricter."""

    code: str
    words: str
    before: float
    after: float
    more_is_stricter: bool = False


def _settings(old: EvalSuite, new: EvalSuite) -> Iterator[Note]:
    if old.agent != new.agent:
        yield "agent-changed", f"asks agent {show(new.agent)} instead of {show(old.agent)}"
    if old.smoke and not new.smoke:
        yield "smoke-dropped", "no longer asked before and after a switch"
    before, after = old.budget, new.budget
    numbers = [
        Setting("margin-raised", "allowed drop of the pass rate", before.pass_rate_drop, after.pass_rate_drop),
        Setting("margin-raised", "allowed rise of cost", before.cost_increase, after.cost_increase),
        Setting("margin-raised", "allowed rise of latency", before.latency_increase, after.latency_increase),
        Setting("repeats-lowered", "repeats", old.repeats, new.repeats, more_is_stricter=True),
    ]
    if old.judge and new.judge:
        kappa = old.judge.minimum_kappa, new.judge.minimum_kappa
        numbers.append(Setting("judge-changed", "agreement asked of the judge", *kappa, more_is_stricter=True))
    for one in numbers:
        if one.after < one.before if one.more_is_stricter else one.after > one.before:
            yield one.code, f"{one.words} {show(one.before)} → {show(one.after)}"
    yield from _judge(old, new)


def _judge(old: EvalSuite, new: EvalSuite) -> Iterator[Note]:
    if old.judge is None:
        return
    if new.judge is None:
        yield "judge-changed", "no judge is asked any more"
        return
    for what, before, after in (
        ("judge", old.judge.model, new.judge.model),
        ("calibration", old.judge.calibration, new.judge.calibration),
    ):
        if before is not None and before != after:
            yield "judge-changed", f"{what} {show(before)} → {show(after)}"


def _case(old: Case, new: Case) -> Iterator[Note]:
    if old.critical and not new.critical:
        yield "critical-dropped", "no longer critical"
    if new.threshold < old.threshold:
        yield "threshold-lowered", f"threshold {show(old.threshold)} → {show(new.threshold)}"
    if new.quarantine and (old.quarantine is None or new.quarantine.expires > old.quarantine.expires):
        code, words = ("added", "in quarantine") if old.quarantine is None else ("extended", "quarantine extended")
        yield f"quarantine-{code}", f"{words} until {new.quarantine.expires}: {show(new.quarantine.reason)}"
    if new.group and new.group != old.group:
        yield "group-changed", f"counts together with group {show(new.group)}"
    before, after = turns(old), turns(new)
    if any(now.answer and not was.answer for was, now in zip(before, after, strict=False)):
        yield "answer-added", "says itself what a simulated model answers, whatever the prompt is"
    if (old.vars, [turn.message for turn in before]) != (new.vars, [turn.message for turn in after[: len(before)]]):
        yield "question-changed", "asks something else"
    yield from lost(old.assertions, new.assertions)
    for number, turn in enumerate(before):
        still = after[number].assertions if number < len(after) else ()
        yield from ((code, f"turn {number + 1}: {text}") for code, text in lost(turn.assertions, still))
