"""The state of a check over time: one blip opens nothing, and nothing is well too soon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.operate.patrol.judge import Rules, Standing, stand, undecided
from mooring.operate.patrol.seen import State, judged
from mooring.spec.patrol import Limits

O, W, A, U = State.OK, State.WARN, State.ALARM, State.UNKNOWN  # noqa: E741 - a table of letters
TWO = Rules(2, 2)

states = st.lists(st.sampled_from(State), min_size=1, max_size=8)
rules = st.builds(Rules, st.integers(1, 4), st.integers(1, 4))


def walked(*seen: State, rules: Rules = TWO, start: Standing | None = None) -> list[State]:
    """The state after each of several looks."""
    standing, found = start, []
    for number in range(len(seen)):
        standing = stand(standing, seen[: number + 1], rules, float(number))
        found.append(standing.state)
    return found


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ((A, O, A, O), (O, O, O, O)),
        ((A, A, O, O), (O, A, A, O)),
        ((O, A, A, O, A, O), (O, O, A, A, A, A)),
        ((A, W, W), (O, W, W)),
        ((W, A, A, A), (O, W, A, A)),
        ((A, A, W, O), (O, A, A, W)),
        ((U, U, A, A), (O, U, U, A)),
        ((A, A, U, U, O, O), (O, A, A, U, U, O)),
    ],
)
def test_a_state_needs_two_in_a_row_to_change(seen: tuple[State, ...], expected: tuple[State, ...]) -> None:
    assert walked(*seen) == list(expected)


def test_since_is_when_the_state_changed_and_contrary_counts_what_says_otherwise() -> None:
    first = stand(None, [A, A], TWO, 10.0)
    assert first == Standing(A, 10.0)
    assert stand(first, [A, A, A], TWO, 20.0) == Standing(A, 10.0)
    assert stand(first, [A, A, O], TWO, 20.0) == Standing(A, 10.0, 1)
    assert stand(first, [A, A, O, O], TWO, 30.0) == Standing(O, 30.0)


@given(states, rules, st.sampled_from(State))
def test_a_state_was_seen_or_is_the_old_one(seen: list[State], rules: Rules, before: State) -> None:
    found = stand(Standing(before, 0.0), seen, rules, 1.0)
    assert found.state in {*seen, before}
    if found.state is not before:
        last = seen[-(rules.failures if found.state.rank > before.rank else rules.recoveries) :]
        assert all((state.rank > before.rank) == (found.state.rank > before.rank) for state in last)


@given(states, rules, st.sampled_from(State))
def test_looking_again_ends(seen: list[State], rules: Rules, before: State) -> None:
    standing, looks = Standing(before, 0.0), list(seen)
    for _ in range(rules.failures):
        if not undecided(standing, looks, rules, 1.0):
            break
        looks.append(looks[-1])
    assert not undecided(standing, looks, rules, 1.0)


@pytest.mark.parametrize(
    ("value", "limits", "state"),
    [
        (0.01, Limits(0.05, 0.2, "s"), O),
        (0.05, Limits(0.05, 0.2, "s"), W),
        (0.2, Limits(0.05, 0.2, "s"), W),
        (0.21, Limits(0.05, 0.2, "s"), A),
        (31, Limits(30, 7, "days", rising=False), O),
        (30, Limits(30, 7, "days", rising=False), W),
        (7, Limits(30, 7, "days", rising=False), W),
        (6.9, Limits(30, 7, "days", rising=False), A),
        (1, Limits(1, 1, "s"), W),
    ],
)
def test_a_value_is_judged_by_its_limits(value: float, limits: Limits, state: State) -> None:
    assert judged(value, limits) is state
