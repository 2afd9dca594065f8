"""A case's assertions, each turned into a score."""

from collections.abc import Awaitable, Callable, Iterator, Sequence

from mooring.evaluate.assertions.limit import limited
from mooring.evaluate.assertions.subject import Subject, Unjudged, Verdict
from mooring.evaluate.assertions.table import ASSERTIONS
from mooring.evaluate.cases import turns
from mooring.evaluate.values import Reply, Score
from mooring.spec.assertions import DEEPEVAL, NOT, Kind, kind_of, shape_problems
from mooring.spec.suite import Assertion, Case

AskJudge = Callable[[Assertion, Subject], Awaitable[Verdict]]
"""Asks deepeval. Raises Unjudged when the judge does not answer or its answer cannot be read."""

Item = tuple[Assertion, int | None]
"""An assertion, and the number of its turn from 0; None when it is about the conversation."""


async def judge(
    case: Case, replies: Sequence[Reply], ask: AskJudge | None, may_block: bool = True
) -> tuple[Score, ...]:
    """A score for every assertion of a case and its turns, in the order they are written; turns come first.

    Assertions of the case are about the last answer and the calls of the whole conversation. `may_block` says whether
    what a judge model thinks decides anything. To be called in the main thread, which time limits need.
    """
    asked = tuple(turn.message for turn in turns(case))
    scores = []
    for assertion, turn in _items(case):
        if turn is not None and turn >= len(replies):
            scores.append(_score(assertion, turn, Verdict(False, "the conversation had ended before this turn")))
            continue
        subject = Subject(asked[: len(replies)], tuple(replies))
        if turn is not None:
            subject = Subject(asked[: turn + 1], (replies[turn],), tuple(replies[:turn]))
        scores.append(await _scored(assertion, turn, subject, ask, may_block))
    return tuple(scores)


def _items(case: Case) -> Iterator[Item]:
    for number, turn in enumerate(case.turns):
        yield from ((assertion, number) for assertion in turn.assertions)
    yield from ((assertion, None) for assertion in case.assertions)


async def _scored(
    assertion: Assertion, turn: int | None, subject: Subject, ask: AskJudge | None, may_block: bool
) -> Score:
    kind = kind_of(assertion.type)
    blocking = may_block or kind is None or not kind.judge
    try:
        verdict = await _verdict(assertion, kind, subject, ask)
    except Unjudged as error:
        verdict = Verdict(False, f"could not be judged: {error}", cost_usd=error.cost_usd)
        return _score(assertion, turn, verdict, error=True, blocking=blocking)
    return _score(assertion, turn, verdict, blocking=blocking)


async def _verdict(assertion: Assertion, kind: Kind | None, subject: Subject, ask: AskJudge | None) -> Verdict:
    if kind is None:
        raise Unjudged(f"there is no assertion {assertion.type!r}")
    for _, problem in shape_problems(assertion):
        raise Unjudged(problem)
    if kind.judge or assertion.type.startswith(DEEPEVAL):
        if ask is None:
            raise Unjudged("the suite names no judge")
        return await ask(assertion, subject)
    return checked(assertion, kind, subject)


def checked(assertion: Assertion, kind: Kind, subject: Subject) -> Verdict:
    """The verdict of a deterministic assertion. Unjudged when it cannot come to one in time."""
    value = kind.read(assertion.value)
    check = ASSERTIONS[assertion.type.removeprefix(NOT)]
    with limited():
        verdict = check(subject, value, assertion.threshold)
    if assertion.type.startswith(NOT) and verdict.counts:
        return Verdict(not verdict.passed, verdict.reason, 1 - verdict.points)
    return verdict


def _score(
    assertion: Assertion, turn: int | None, verdict: Verdict, error: bool = False, blocking: bool = True
) -> Score:
    kind = kind_of(assertion.type)
    return Score(
        type=assertion.type,
        metric=assertion.metric or assertion.type,
        passed=verdict.passed,
        score=max(0.0, min(1.0, verdict.points)),
        weight=assertion.weight,
        reason=verdict.reason,
        turn=turn,
        error=error,
        blocking=blocking and verdict.counts,
        critical=kind is not None and kind.critical,
        cost_usd=verdict.cost_usd,
    )
