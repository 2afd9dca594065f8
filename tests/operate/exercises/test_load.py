"""What clients felt of a span of time."""

import pytest

from mooring.operate.exercises import failures
from mooring.operate.exercises.load import CLIENTS, Felt, Load, Seen, felt
from mooring.operate.exercises.slots import Failure, _judged


def load(*seen: tuple[float, int]) -> Load:
    """Requests by when they ended and with which status; 0 for none."""
    return Load([Seen(ended - 0.1, ended, status, "L0") for ended, status in seen])


def test_the_longest_time_without_a_good_answer_counts_from_the_first_moment_to_the_last() -> None:
    answered = load((1, 200), (2, 200), (5, 500), (6, 200), (7, 200))
    assert felt(answered, 0, 8).silent == 4
    assert felt(answered, 0, 20).silent == 13
    assert felt(load(), 0, 3).silent == 3


def test_what_failed_is_told_from_what_was_cut_off() -> None:
    found = felt(load((1, 200), (2, 502), (3, 0), (4, 429), (9, 0)), 0, 5)
    assert (found.requests, found.failed, found.lost) == (4, 2, 1)
    assert str(found) == "of 4 requests 2 requests failed, 1 cut off; 4.0 s without answers at most"


GOOD = Felt(100, 0, 0, 0.2, ("L0",))


@pytest.mark.parametrize(
    ("seen", "cuts", "said", "told", "held"),
    [
        (GOOD, False, False, "", True),
        (Felt(100, 1, 0, 0.2, ()), True, False, "", False),
        (Felt(100, 0, 1, 0.2, ()), False, False, "", False),
        (Felt(100, 0, CLIENTS, 0.2, ()), True, False, "", True),
        (Felt(100, 0, CLIENTS + 1, 0.2, ()), True, False, "", False),
        (Felt(100, 0, 0, 2.5, ()), False, False, "", False),
        (GOOD, False, True, "", False),
        (GOOD, False, True, "the disk is full", True),
    ],
)
def test_a_promise_holds_when_nobody_felt_more_than_it_says(
    seen: Felt, cuts: bool, said: bool, told: str, held: bool
) -> None:
    failure = Failure("something breaks", failures.dead_slot, 2, cuts=cuts, said=said)
    assert _judged(failure, seen, told).held is held
