"""Published values of Erlang's formulas, and the cases in which waiting times are known exactly."""

from math import inf

import pytest

from mooring.drill.scale.queueing import erlang_b, erlang_c, mean_wait


@pytest.mark.parametrize(("servers", "load", "blocked"), [(1, 1.0, 0.5), (10, 7.0, 0.0787), (20, 12.0, 0.0098)])
def test_blocking_is_that_of_erlang_tables(servers: int, load: float, blocked: float) -> None:
    assert erlang_b(servers, load) == pytest.approx(blocked, abs=5e-5)


def test_one_server_makes_arrivals_wait_as_often_as_it_is_busy() -> None:
    assert erlang_c(1, 0.7) == pytest.approx(0.7)


def test_two_servers_at_one_erlang_make_a_third_wait() -> None:
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)


def test_waiting_is_that_of_pollaczek_and_khinchine_for_one_server() -> None:
    exponential, constant = mean_wait(1, 0.8, 2.0), mean_wait(1, 0.8, 2.0, variation=0)
    assert exponential == pytest.approx(0.8 * 2.0 / 0.2)
    assert constant == pytest.approx(exponential / 2)


def test_more_than_the_servers_do_waits_for_ever() -> None:
    assert mean_wait(4, 4.0, 1.0) == inf
    assert erlang_c(4, 5.0) == 1.0
