"""When a circuit opens, how it finds out that the endpoint is back, and that it never gets stuck."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from mooring.runtime.core.circuit import LONGEST, Circuit, CircuitOpen, Health
from mooring.spec.resilience import Breaker as Policy

WELL, ILL, UNKNOWN = Health.WELL, Health.ILL, Health.UNKNOWN


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Endpoint:
    """A circuit with a clock and calls that end at once."""

    def __init__(self, **policy) -> None:
        self.clock = Clock()
        self.circuit = Circuit(Policy(**policy), self.clock)

    def call(self, health: Health, retry_after: float = 0.0, took: float = 0.0) -> None:
        call = self.circuit.enter()
        call.health, call.retry_after, call.took = health, retry_after, took
        self.circuit.leave(call)

    def calls(self, *healths: Health) -> str:
        for health in healths:
            self.call(health)
        return self.circuit.state

    def state(self) -> str:
        return self.circuit.state

    def after(self, seconds: float) -> str:
        self.clock.now += seconds
        return self.circuit.state


def test_it_opens_after_failures_in_a_row_and_one_good_probe_closes_it():
    endpoint = Endpoint(consecutive_failures=3, open_seconds=30)
    assert endpoint.calls(ILL, ILL, WELL, ILL, ILL) == "closed"
    assert endpoint.calls(ILL) == "open"
    with pytest.raises(CircuitOpen):
        endpoint.circuit.enter()
    assert endpoint.after(29.9) == "open"
    assert endpoint.after(0.2) == "half-open"
    assert endpoint.calls(WELL) == "closed"


def test_it_opens_at_a_rate_of_failures_once_there_are_enough_calls():
    endpoint = Endpoint(consecutive_failures=99, minimum_calls=10, failure_rate=0.5)
    assert endpoint.calls(*[ILL, WELL] * 4) == "closed"
    assert endpoint.calls(WELL) == "closed"
    assert endpoint.calls(ILL) == "open"


def test_calls_older_than_the_window_are_forgotten():
    endpoint = Endpoint(consecutive_failures=99, minimum_calls=4, window_seconds=60)
    endpoint.calls(ILL, ILL, ILL)
    endpoint.after(61)
    assert endpoint.calls(WELL, WELL, WELL, ILL) == "closed"


def test_slow_calls_open_it_though_they_succeed_and_a_slow_probe_leaves_it_open():
    endpoint = Endpoint(minimum_calls=4, slow_call_seconds=2, slow_call_rate=0.75, open_seconds=30)
    for took in (3, 3, 1, 3):
        endpoint.call(WELL, took=took)
    assert endpoint.state() == "open"
    endpoint.after(30)
    endpoint.call(WELL, took=3)
    assert endpoint.state() == "open"
    endpoint.after(30)
    endpoint.call(WELL, took=1)
    assert endpoint.state() == "closed"


def test_cancelled_calls_and_broken_requests_count_neither_way():
    endpoint = Endpoint(consecutive_failures=3, minimum_calls=4)
    assert endpoint.calls(ILL, ILL, *[UNKNOWN] * 20) == "closed"
    assert endpoint.calls(ILL) == "open"


@pytest.mark.parametrize(("asked", "seconds"), [(5, 30), (100, 100), (9999, 30 * LONGEST)])
def test_it_stays_open_as_long_as_the_endpoint_asks_within_bounds(asked, seconds):
    endpoint = Endpoint(consecutive_failures=1, open_seconds=30)
    endpoint.call(ILL, retry_after=asked)
    assert endpoint.circuit.opens_in == seconds


def test_an_endpoint_that_fails_soon_after_it_came_back_waits_twice_as_long_each_time():
    endpoint = Endpoint(consecutive_failures=5, open_seconds=10)
    endpoint.calls(*[ILL] * 5)
    waits = []
    for _ in range(6):
        waits.append(endpoint.circuit.opens_in)
        endpoint.after(endpoint.circuit.opens_in)
        endpoint.calls(WELL, WELL, ILL)
    assert waits == [10, 20, 40, 80, 80, 80]


def test_after_enough_good_calls_the_past_is_forgiven():
    endpoint = Endpoint(consecutive_failures=5, open_seconds=10, minimum_calls=10)
    endpoint.calls(*[ILL] * 5)
    endpoint.after(10)
    assert endpoint.calls(WELL, *[WELL] * 10, ILL) == "closed"
    endpoint.calls(*[ILL] * 4)
    assert endpoint.circuit.opens_in == 10


def test_a_call_that_began_before_it_opened_does_not_close_it():
    endpoint = Endpoint(consecutive_failures=1, open_seconds=10)
    early = endpoint.circuit.enter()
    endpoint.calls(ILL)
    early.health = WELL
    endpoint.circuit.leave(early)
    assert endpoint.state() == "open"


def test_guard_tells_what_became_of_a_call():
    endpoint = Endpoint(consecutive_failures=1)
    with pytest.raises(KeyError), endpoint.circuit.guard(lambda error: UNKNOWN):
        raise KeyError
    assert endpoint.state() == "closed"
    with pytest.raises(KeyError), endpoint.circuit.guard(lambda error: ILL):
        raise KeyError
    assert endpoint.state() == "open"


class Life(RuleBasedStateMachine):
    """Calls come, overlap and end in any order."""

    calls = Bundle("calls")

    @initialize(failures=st.integers(1, 4), minimum=st.integers(1, 6))
    def begin(self, failures, minimum):
        self.clock = Clock()
        self.circuit = Circuit(
            Policy(consecutive_failures=failures, minimum_calls=minimum, open_seconds=10), self.clock
        )
        self.open_calls = []

    @rule(seconds=st.integers(0, 100))
    def time_passes(self, seconds):
        self.clock.now += seconds

    @rule(target=calls)
    def a_call_comes(self):
        state = self.circuit.state
        probing = any(call.probe for call in self.open_calls)
        try:
            call = self.circuit.enter()
        except CircuitOpen:
            assert state == "open" or (state == "half-open" and probing)
            return None
        assert state == "closed" or (state == "half-open" and not probing)
        self.open_calls.append(call)
        return call

    @rule(call=consumes(calls), health=st.sampled_from(Health), retry_after=st.integers(0, 1000))
    def a_call_ends(self, call, health, retry_after):
        if call is None:
            return
        self.open_calls.remove(call)
        before = self.circuit.state
        call.health, call.retry_after = health, retry_after
        self.circuit.leave(call)
        if health is UNKNOWN:
            assert self.circuit.state == before

    @invariant()
    def at_most_one_probe_is_under_way(self):
        if hasattr(self, "open_calls"):
            assert sum(call.probe for call in self.open_calls) <= 1

    @invariant()
    def it_opens_for_a_bounded_time(self):
        if hasattr(self, "circuit"):
            assert 0 <= self.circuit.opens_in <= 10 * LONGEST

    def teardown(self):
        """Whatever happened: when all calls have ended and the time is over, one good probe closes it."""
        if not hasattr(self, "circuit"):
            return
        for call in self.open_calls:
            call.health = UNKNOWN
            self.circuit.leave(call)
        self.clock.now += 10 * LONGEST
        probe = self.circuit.enter()
        probe.health, probe.took = WELL, 0.0
        self.circuit.leave(probe)
        assert self.circuit.state == "closed"


test_a_circuit_has_one_probe_and_never_gets_stuck = Life.TestCase


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_the_window_agrees_with_counting(steps):
    endpoint = Endpoint(consecutive_failures=10**6, minimum_calls=10**6, window_seconds=20)
    calls = []
    for seconds, ill in steps:
        endpoint.after(seconds)
        endpoint.call(ILL if ill else WELL)
        calls.append((endpoint.clock.now, ill))
    counted, failed, _ = endpoint.circuit._window.totals(endpoint.clock.now)
    inside = [ill for when, ill in calls if when > endpoint.clock.now - 20 + 1]
    around = [ill for when, ill in calls if when > endpoint.clock.now - 20 - 1]
    assert len(inside) <= counted <= len(around)
    assert sum(inside) <= failed <= sum(around)
