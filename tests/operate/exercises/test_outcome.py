"""The result of a live drill, by what became of its promises."""

import pytest

from mooring.operate.exercises.outcome import BROKEN, HELD, INCONCLUSIVE, Check, Exercised, percentile


def exercised(*held: bool | None) -> Exercised:
    checks = tuple(Check(f"what {number}", "is promised", "was seen", one) for number, one in enumerate(held))
    return Exercised("crash", checks, "said")


@pytest.mark.parametrize(
    ("held", "result"),
    [
        ((True, True), HELD),
        ((True, False), BROKEN),
        ((None, False), BROKEN),
        ((True, None), INCONCLUSIVE),
        ((), INCONCLUSIVE),
    ],
)
def test_a_drill_holds_when_every_promise_does_and_nothing_was_left_open(
    held: tuple[bool | None, ...], result: str
) -> None:
    assert exercised(*held).result == result
    assert exercised(*held).data()["result"] == result


def test_reasons_are_what_did_not_hold() -> None:
    assert exercised(True, False, None).reasons == ("what 1: was seen", "what 2: was seen")


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([3.0, 1.0, 2.0], rank) for rank in (0.0, 0.5, 1.0)] == [1.0, 2.0, 3.0]
    assert percentile([], 0.5) == 0.0
