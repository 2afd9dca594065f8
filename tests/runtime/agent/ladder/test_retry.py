"""Waits between tries follow the profile, and nothing is tried that cannot help."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.exceptions import (
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    UnexpectedModelBehavior,
    UserError,
)

from mooring.runtime.agent.model_errors import (
    BreakerOpen,
    EmptyAnswer,
    MalformedCall,
    NothingPrepared,
    OutOfTime,
    Unfit,
    worth_a_rung,
    worth_a_try,
)
from mooring.runtime.agent.retry import share, wait_before
from mooring.spec.resilience import Retry

POLICIES = st.builds(
    Retry,
    tries=st.integers(1, 5),
    base_seconds=st.floats(0.01, 5),
    multiplier=st.floats(1, 5),
    cap_seconds=st.floats(0.01, 60),
    jitter=st.sampled_from(["proportional", "full", "equal", "none"]),
    jitter_rate=st.floats(0, 1),
)


LUCK = st.floats(0, 1, exclude_max=True)


@given(POLICIES, st.integers(1, 5), LUCK)
def test_a_wait_stays_within_its_jitter(policy, number, luck):
    middle = min(policy.base_seconds * policy.multiplier ** (number - 1), policy.cap_seconds)
    shortest, longest = {
        "proportional": (middle * (1 - policy.jitter_rate), middle * (1 + policy.jitter_rate)),
        "full": (0, middle),
        "equal": (middle / 2, middle),
        "none": (middle, middle),
    }[policy.jitter]
    assert shortest - 1e-9 <= wait_before(number, policy, lambda: luck) <= longest + 1e-9
    assert longest == pytest.approx(policy.longest_wait(number))


@given(st.integers(1, 4), LUCK)
def test_the_default_waits_are_those_that_were_promised(number, luck):
    shortest, longest = [(0.5, 1.5), (1.5, 3.5), (2.5, 6.5), (6, 12)][number - 1]
    assert shortest <= wait_before(number, Retry(), lambda: luck) <= longest


def test_waits_double_by_default_until_the_cap():
    steady = Retry(jitter="none", cap_seconds=5)
    assert [wait_before(number, steady) for number in (1, 2, 3, 4)] == [1, 2, 4, 5]


@given(st.floats(0, 200), st.lists(st.floats(0.1, 120), max_size=2))
def test_a_rung_leaves_its_successors_a_try_or_an_even_share(left, below):
    part = share(left, below)
    assert 0 <= part <= left
    assert left - part == pytest.approx(min(sum(below), left * len(below) / (len(below) + 1)))


@pytest.mark.parametrize(
    ("error", "again", "elsewhere"),
    [
        (ModelHTTPError(429, "m"), True, True),
        (ModelHTTPError(503, "m"), True, True),
        (ModelHTTPError(400, "m"), False, False),
        (ModelHTTPError(422, "m"), False, False),
        (ModelHTTPError.for_category(category=ModelQuotaExceededError, status_code=429, model_name="m"), False, True),
        (ModelHTTPError.for_category(category=ModelQuotaExceededError, status_code=400, model_name="m"), False, True),
        (ModelRequestRejectedError("m", "x"), False, False),
        (ModelAuthenticationError("m", "x"), False, True),
        (ModelConnectionError("m", "x"), True, True),
        (ModelRequestTimeout("m", 1), True, True),
        (UnexpectedModelBehavior("x"), True, True),
        (EmptyAnswer("x"), True, True),
        (MalformedCall("x"), True, True),
        (Unfit("x"), False, True),
        (NothingPrepared(), False, True),
        (OutOfTime("m"), False, True),
        (BreakerOpen("m"), False, True),
        (UserError("x"), False, False),
    ],
)
def test_errors_are_told_apart(error, again, elsewhere):
    assert (worth_a_try(error), worth_a_rung(error)) == (again, elsewhere)
