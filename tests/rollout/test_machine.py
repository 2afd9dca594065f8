"""The rules of a rollout, one sentence each."""

from typing import Any

import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.machine import step, way_back
from mooring.rollout.state import (
    Bake,
    Command,
    Discard,
    Discarded,
    Event,
    Kind,
    Passed,
    Phase,
    Probe,
    Requested,
    Resumed,
    Retire,
    Retired,
    Side,
    Stage,
    Staged,
    State,
    Stumbled,
    Superseded,
    Switch,
    Switched,
)

BLUE, GREEN = Side("blue", "a"), Side("green", "b")
SERVING = State(live=BLUE, trail=("a",))


def wanted(digest: str, kind: Kind = Kind.DEPLOY, **more: Any) -> Requested:
    return Requested(0, kind, digest, deadline=60, bake_seconds=10, **more)


def play(state: State, *events: Event) -> tuple[State, list[Command]]:
    """The state after events, and every command on the way."""
    seen: list[Command] = []
    for event in events:
        state, commands = step(state, event)
        seen += commands
    return state, seen


def test_a_deployment_goes_through_every_gate_and_is_committed_after_its_bake() -> None:
    state, seen = play(SERVING, wanted("b"), Staged(1), Passed(2), Switched(3), Passed(13), Retired(14))
    assert seen == [Stage(GREEN), Probe(GREEN, True), Switch(GREEN), Bake(GREEN, 13), Retire(BLUE, wait=True)]
    assert (state.phase, state.live, state.trail, state.verdict) == (Phase.IDLE, GREEN, ("a", "b"), None)


def test_the_first_deployment_passes_the_same_gates() -> None:
    state, seen = play(State(), wanted("a"), Staged(1), Passed(2), Switched(3), Passed(13))
    assert seen == [Stage(BLUE), Probe(BLUE, True), Switch(BLUE), Bake(BLUE, 13)]
    assert (state.phase, state.live, state.trail) == (Phase.IDLE, BLUE, ("a",))


def test_a_warm_release_that_was_committed_flips_after_a_readiness_probe() -> None:
    serving = State(live=GREEN, trail=("a", "b"))
    state, seen = play(serving, wanted("a", warm=BLUE), Passed(1), Switched(2), Retired(3))
    assert seen == [Probe(BLUE, questions=False), Switch(BLUE), Retire(GREEN, wait=False)]
    assert (state.live, state.trail) == (BLUE, ("a", "b", "a"))


def test_a_warm_release_that_was_never_committed_passes_every_gate() -> None:
    _state, seen = play(SERVING, wanted("b", warm=GREEN), Staged(1), Passed(2))
    assert seen == [Stage(GREEN), Probe(GREEN, True), Switch(GREEN)]


@pytest.mark.parametrize("late", [(Staged(61),), (Staged(1), Passed(61))])
def test_the_deadline_always_aborts_before_the_switch(late: tuple[Event, ...]) -> None:
    state, seen = play(SERVING, wanted("b"), *late)
    assert seen[-1] == Discard(GREEN, instead=None)
    assert (state.phase, state.live, state.verdict) == (Phase.ABORTING, BLUE, Reason.DEADLINE)
    assert play(state, Discarded(62))[0].phase is Phase.IDLE


def test_a_failure_before_the_switch_leaves_traffic_alone_and_warms_the_earlier_release_again() -> None:
    serving = State(live=BLUE, trail=("z", "a"))
    state, seen = play(serving, wanted("b"), Stumbled(1, Reason.NOT_READY, "exited"), Discarded(2))
    assert seen == [Stage(GREEN), Discard(GREEN, instead="z")]
    assert (state.live, state.verdict, state.detail) == (BLUE, Reason.NOT_READY, "exited")


def test_a_failed_bake_goes_back_and_quarantines_the_release_until_a_different_one_arrives() -> None:
    bad = Stumbled(5, Reason.BAKE_FAILED, "9 of 20 requests failed")
    state, seen = play(SERVING, wanted("b"), Staged(1), Passed(2), Switched(3), bad, Switched(6), Discarded(7))
    assert seen[-2:] == [Switch(BLUE), Discard(GREEN, instead=None)]
    assert (state.live, state.quarantined, state.trail) == (BLUE, "b", ("a",))
    with pytest.raises(Refused, match="until it differs") as refused:
        step(state, wanted("b"))
    assert refused.value.reason is Reason.QUARANTINED
    state, _commands = step(state, wanted("a"))
    assert state.quarantined is None
    assert step(state, wanted("b"))[0].phase is Phase.STAGING


def test_a_failed_bake_with_nothing_to_go_back_to_keeps_serving_and_is_not_committed() -> None:
    bad = Stumbled(5, Reason.BAKE_FAILED, "it failed")
    state, _seen = play(State(), wanted("a"), Staged(1), Passed(2), Switched(3), bad)
    assert (state.phase, state.live, state.trail, state.verdict) == (Phase.IDLE, BLUE, (), Reason.BAKE_FAILED)
    again, seen = play(state, wanted("a"), Passed(1), Passed(11))
    assert seen == [Probe(BLUE, True), Bake(BLUE, 11)]
    assert (again.live, again.trail) == (BLUE, ("a",))


def test_a_release_whose_way_back_is_closed_goes_on_serving() -> None:
    bad, closed = Stumbled(5, Reason.BAKE_FAILED, "bad"), Stumbled(6, Reason.NOT_READY, "blue died")
    state, _seen = play(SERVING, wanted("b"), Staged(1), Passed(2), Switched(3), bad, closed)
    assert (state.phase, state.live, state.quarantined) == (Phase.IDLE, GREEN, "b")
    assert state.detail == "bad; and could not go back: blue died"


def test_what_is_live_and_committed_is_not_deployed_again() -> None:
    state, commands = step(SERVING, wanted("a"))
    assert (state, commands) == (SERVING.change(deadline=60, bake_seconds=10), ())


def test_a_freeze_stops_a_deployment_and_no_rollback() -> None:
    with pytest.raises(Refused, match="Year-end sale"):
        step(SERVING, wanted("b", frozen="Year-end sale"))
    serving = State(live=GREEN, trail=("a", "b"))
    assert step(serving, wanted("a", Kind.ROLLBACK, frozen="Year-end sale"))[0].phase is Phase.STAGING


def test_a_rollback_is_not_baked_and_quarantines_what_it_leaves() -> None:
    serving = State(live=GREEN, trail=("a", "b"))
    state, seen = play(serving, wanted("a", Kind.ROLLBACK, warm=BLUE), Passed(1), Switched(2), Retired(3))
    assert seen == [Probe(BLUE, questions=False), Switch(BLUE), Retire(GREEN, wait=False)]
    assert (state.live, state.trail, state.quarantined) == (BLUE, ("a",), "b")


def test_a_rollback_starts_a_release_that_is_not_warm_any_more() -> None:
    serving = State(live=GREEN, trail=("a", "b"))
    _state, seen = play(serving, wanted("a", Kind.ROLLBACK), Staged(1), Passed(2), Switched(3))
    assert seen == [Stage(BLUE), Probe(BLUE, questions=False), Switch(BLUE), Retire(GREEN, wait=False)]


def test_the_way_back_is_the_release_before_and_never_the_quarantined_one() -> None:
    assert way_back(State(live=BLUE, trail=("a", "b", "a"))) == "b"
    assert way_back(State(live=GREEN, trail=("z", "a", "b"), quarantined="a")) == "z"
    assert way_back(State(live=GREEN, trail=("z", "a", "b")), to="z") == "z"
    for state, to in ((SERVING, None), (State(live=GREEN, trail=("a", "b")), "unknown")):
        with pytest.raises(Refused) as refused:
            way_back(state, to)
        assert refused.value.reason is Reason.NO_STANDBY


def test_what_was_left_before_the_switch_is_aborted() -> None:
    for events in ((wanted("b"),), (wanted("b"), Staged(1)), (wanted("b"), Staged(1), Passed(2))):
        state, seen = play(SERVING, *events, Resumed(9, BLUE), Discarded(10))
        assert seen[-1] == Discard(GREEN, instead=None)
        assert (state.phase, state.live, state.verdict) == (Phase.IDLE, BLUE, Reason.PROCESS)


def test_what_was_left_after_the_switch_is_finished() -> None:
    switching = play(SERVING, wanted("b"), Staged(1), Passed(2))[0]
    state, seen = play(switching, Resumed(9, GREEN), Passed(19), Retired(20))
    assert seen == [Bake(GREEN, 19), Retire(BLUE, wait=True)]
    assert (state.live, state.trail) == (GREEN, ("a", "b"))


def test_a_rollback_during_a_bake_is_its_end() -> None:
    baking = play(SERVING, wanted("b"), Staged(1), Passed(2), Switched(3))[0]
    state, seen = play(baking, Superseded(5, GREEN), Switched(6), Discarded(7))
    assert seen == [Switch(BLUE), Discard(GREEN, instead=None)]
    assert (state.live, state.quarantined, state.verdict) == (BLUE, "b", Reason.ROLLED_BACK)


def test_an_event_that_cannot_happen_is_a_bug_and_not_a_transition() -> None:
    with pytest.raises(ValueError, match="Switched cannot happen while idle"):
        step(SERVING, Switched(1))


def test_a_state_is_the_same_after_its_data_form() -> None:
    state = play(SERVING, wanted("b"), Staged(1), Passed(2), Switched(3))[0]
    assert State.read(state.data()) == state
    assert State.read(State().data()) == State()
