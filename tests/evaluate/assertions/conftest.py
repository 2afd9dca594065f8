"""Replies made on the spot, and one assertion judged about them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mooring.evaluate.assertions.judging import judge
from mooring.evaluate.values import Call, Reply, Score
from mooring.spec.suite import Case

Judged = Callable[..., Score]


def call(name: str, arguments: dict[str, Any] | None = None, result: Any = None, error: str | None = None) -> Call:
    return Call(name, arguments or {}, result, error)


@pytest.fixture
def judged() -> Judged:
    """The score of one assertion about one reply: a text, or names of tools that it called, or both."""

    def run(type_: str, value: Any = None, text: str = "", *calls: str | Call, **more: Any) -> Score:
        threshold = more.pop("threshold", None)
        made = tuple(call(each) if isinstance(each, str) else each for each in calls)
        assertion = {"type": type_, "value": value, "threshold": threshold}
        case = Case.model_validate({"id": "x", "vars": {"message": "Hello?"}, "assert": [assertion]})
        (score,) = asyncio.run(judge(case, [Reply(text, made, **more)], None))
        return score

    return run
