"""Figures of answers that are known."""

import pytest

from mooring.drill.answer import Answer
from mooring.drill.live_through import Lived
from mooring.drill.measure import figures
from mooring.drill.quantities import difference, interval, quantile
from mooring.drill.trace import expand
from tests.drill.conftest import drill

OUTAGES = expand(drill(incidents=[{"rung": "L0", "start": 0.25, "end": 0.5}]), 0)


def answer(number, at, rung="L0", seconds=1.0, **more):
    given = {
        "seed": 0,
        "weight": 1.0,
        "cluster": 0,
        "stratum": "whole",
        "right": True,
        "error": "",
        "calls": 1,
        "sick": False,
        "sick_calls": 0,
        "cost_usd": 0.001,
        "late": seconds > 30,
    }
    return Answer(number=number, at=at, seconds=seconds, rung=rung, **given | more)


def of(*answers):
    return figures([Lived(answers, 4, 3)], [OUTAGES])


def test_only_right_answers_in_time_from_models_count():
    found = of(
        answer(0, 0),
        answer(1, 1, rung="L3"),
        answer(2, 2, rung="L4"),
        answer(3, 3, right=False),
        answer(4, 4, seconds=31),
        answer(5, 5, rung="", error="RemoteProtocolError", right=False),
        answer(6, 6, rung="L2"),
        answer(7, 7, rung="L1"),
    )
    assert found.availability.value == pytest.approx(3 / 8)
    assert found.answered == pytest.approx(4 / 8)
    assert found.degraded.value == pytest.approx(5 / 8)
    assert set(found.errors) == {"answered by L3", "answered by L4", "wrong answer", "late", "RemoteProtocolError"}
    assert found.retried_well == 0.75


def test_an_answer_counts_for_the_time_that_it_stands_for():
    found = of(answer(0, 0, weight=9.0), answer(1, 1, weight=1.0, right=False), answer(2, 2, weight=0.0, right=False))
    assert found.availability.value == pytest.approx(0.9)
    assert found.questions == 2


def test_recovery_is_from_the_first_failure_until_answers_are_good_again():
    told = [answer(n, 900 + 60 * n, right=not 2 <= n <= 6) for n in range(12)]
    (recovery,) = of(answer(99, 100), *told).recoveries
    assert (recovery.failed, recovery.seconds) == (5, 300)


def test_an_episode_that_nobody_felt_is_masked():
    found = of(*(answer(n, 900 + 60 * n, rung="L1") for n in range(12)))
    assert (found.masked, found.mttr) == (1.0, None)


def test_amplification_is_calls_to_the_sick_vendor_for_each_that_it_gets_when_well():
    sick = [answer(n, 900 + n, rung="L1", sick=True, sick_calls=3 if n % 2 else 0) for n in range(10)]
    assert of(*(answer(50 + n, n) for n in range(10)), *sick).amplification == pytest.approx(1.5)
    assert of(answer(0, 0)).amplification is None


def test_quantiles_go_by_weight():
    answers = [answer(0, 0, seconds=1, weight=98), answer(1, 1, seconds=5), answer(2, 2, seconds=20)]
    assert [quantile(answers, rate) for rate in (0.5, 0.99, 1.0)] == [1, 5, 20]


def test_an_interval_is_wider_the_fewer_blocks_there_are():
    few = [answer(n, n * 300.0, right=n % 4 > 0) for n in range(8)]
    many = [answer(n, n * 300.0, right=n % 4 > 0) for n in range(200)]
    narrow, wide = interval(many, lambda each: each.good), interval(few, lambda each: each.good)
    assert narrow.value == wide.value == 0.75
    assert narrow.high - narrow.low < wide.high - wide.low
    assert narrow.low < 0.75 < narrow.high


def test_a_loss_is_seen_pair_by_pair():
    before = [answer(n, n * 300.0) for n in range(100)]
    after = [answer(n, n * 300.0, right=n % 10 > 0) for n in range(100)]
    lost = difference(before, after, lambda each: each.good)
    assert lost.value == pytest.approx(-0.1)
    assert lost.high < 0
    same = difference(before, before, lambda each: each.good)
    assert (same.low, same.value, same.high) == (0, 0, 0)
