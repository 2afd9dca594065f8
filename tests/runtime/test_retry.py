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

from mooring.runtime.faults import BreakerOpen, OutOfTime, worth_a_rung, worth_a_try
from mooring.runtime.retry import wait_before
from mooring.spec.resilience import Retry

POLICIES = st.builds(
    Retry,
    tries=st.integers(1, 5),
    base_seconds=st.floats(0.01, 5),
    multiplier=st.floats(1, 5),
    cap_seconds=st.floats(0.01, 60),
    jitter=st.floats(0, 1),
)


@given(POLICIES, st.integers(1, 5), st.floats(0, 1, exclude_max=True))
def test_a_wait_stays_within_its_jitter(policy, number, luck):
    middle = min(policy.base_seconds * policy.multiplier ** (number - 1), policy.cap_seconds)
    wait = wait_before(number, policy, lambda: luck)
    assert middle * (1 - policy.jitter) - 1e-9 <= wait <= middle * (1 + policy.jitter) + 1e-9


def test_waits_double_by_default_until_the_cap():
    steady = Retry(jitter=0, cap_seconds=5)
    assert [wait_before(number, steady) for number in (1, 2, 3, 4)] == [1, 2, 4, 5]


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
        (OutOfTime("m"), False, True),
        (BreakerOpen("m"), False, True),
        (UserError("x"), False, False),
    ],
)
def test_errors_are_told_apart(error, again, elsewhere):
    assert (worth_a_try(error), worth_a_rung(error)) == (again, elsewhere)
