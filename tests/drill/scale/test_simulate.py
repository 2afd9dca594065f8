"""The simulation agrees with queueing theory where theory knows the answer, and is the same for the same seed."""

import pytest

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.queueing import erlang_b, mean_wait
from mooring.drill.scale.simulate import DATABASE, POOL, WORKER, quantile, simulate
from tests.drill.scale.made_up import cell

LONG, WARM = 2500.0, 100.0
MODEL_SECONDS = Assumptions().model_seconds


@pytest.mark.slow
@pytest.mark.parametrize(("cores", "rate"), [(1, 7.0), (4, 30.0), (8, 72.0)])
def test_postgres_makes_wait_as_long_as_m_m_k(cores: int, rate: float) -> None:
    long = LONG * 30 / rate
    seen = simulate(cell(rate=rate, database_servers=cores, database_seconds=0.1), long, WARM, "a")
    assert seen.by[DATABASE] / seen.arrived == pytest.approx(mean_wait(cores, rate * 0.1, 0.1), rel=0.12)


@pytest.mark.slow
def test_a_worker_makes_wait_as_long_as_m_m_1() -> None:
    seen = simulate(cell(rate=30.0, worker_seconds=0.02), LONG, WARM, "a")
    assert seen.by[WORKER] / seen.arrived == pytest.approx(mean_wait(1, 0.6, 0.02), rel=0.1)


def test_connections_of_a_worker_make_wait_as_long_as_m_m_k() -> None:
    """Where PostgreSQL has a core for each of them."""
    slow = cell(rate=15.0, connections=2, database_servers=2, database_seconds=0.1)
    seen = simulate(slow, LONG, WARM, "a")
    assert seen.by[POOL] / seen.arrived == pytest.approx(mean_wait(2, 1.5, 0.1), rel=0.12)
    assert seen.by[DATABASE] == 0


def test_a_pod_refuses_as_many_as_m_g_k_k_whatever_the_tail_of_models() -> None:
    seen = simulate(cell(rate=10.0, in_flight=16, model_calls=1.0), LONG, WARM, "a")
    assert seen.refused / seen.arrived == pytest.approx(erlang_b(16, 10 * MODEL_SECONDS), rel=0.1)


@pytest.mark.slow
def test_a_run_takes_its_calls_one_after_the_other() -> None:
    seen = simulate(cell(rate=10.0, model_calls=2.0, tool_calls=1.0, tool_seconds=0.5), LONG, WARM, "a")
    assert sum(seen.took) / len(seen.took) == pytest.approx(2 * MODEL_SECONDS + 0.5, rel=0.02)
    assert seen.refused == seen.degraded == 0


@pytest.mark.slow
def test_a_quota_that_is_too_small_leaves_the_rest_to_the_next_model() -> None:
    seen = simulate(cell(rate=20.0, model_calls=1.0, calls_per_second=15.0), LONG, WARM, "a")
    assert seen.degraded / seen.arrived == pytest.approx(0.25, abs=0.02)


@pytest.mark.slow
def test_tokens_are_limited_as_calls_are() -> None:
    seen = simulate(cell(rate=20.0, model_calls=1.0, tokens_per_second=1500.0, tokens_per_call=100.0), LONG, WARM, "a")
    assert seen.degraded / seen.arrived == pytest.approx(0.25, abs=0.02)


def test_pods_that_come_later_end_a_surge() -> None:
    busy = cell(rate=30.0, worker_seconds=0.02)
    alone, helped = (simulate(busy.surging(2.0, lag), 120.0, 20.0, "a") for lag in (1e9, 10.0))
    assert quantile(alone.waits, 0.99) > 10 > quantile(helped.waits, 0.99)


def test_the_same_seed_sees_the_same_and_another_one_something_else() -> None:
    one, same, other = (simulate(cell(worker_seconds=0.05), 50, 5, seed) for seed in ("a", "a", "b"))
    assert one == same
    assert one != other


def test_nothing_is_answered_twice_and_nothing_is_lost() -> None:
    seen = simulate(cell(rate=50.0, in_flight=20, model_calls=1.3, tool_calls=0.7, tool_seconds=0.1), 100, 10, "a")
    assert len(seen.took) + seen.refused == seen.arrived
    assert quantile([], 0.5) == 0.0
