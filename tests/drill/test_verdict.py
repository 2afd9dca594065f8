"""What blocks a release."""

import pytest

from mooring.drill.live_through import Lived
from mooring.drill.measure import figures
from mooring.drill.run import Drilled, Lines
from mooring.drill.trace import expand
from mooring.drill.verdict import judge
from mooring.spec.objectives import Objective
from tests.drill.conftest import drill
from tests.drill.test_measure import answer

ASKED = drill(targets={"availability": 0.99, "p99Seconds": 30}, incidents=[{"rung": "L0", "start": 0.25, "end": 0.5}])
GOOD = [answer(n, n * 30.0) for n in range(120)]
WORSE = [answer(n, n * 30.0, right=n % 20 > 0) for n in range(120)]
SLOW = [answer(n, n * 30.0, seconds=40.0 if n % 20 == 0 else 1.0) for n in range(120)]


def lines(arm, answers, error=""):
    outages = expand(ASKED, 0)
    found = None if error else figures([Lived(tuple(answers))], [outages])
    return Lines(arm, f"sha256:{arm}", found, tuple(answers), error)


def judged(head, base=None, objectives=(), error="", **arms):
    found = {"head": lines("head", head, error), **arms}
    if base is not None:
        found["base"] = lines("base", base)
    return judge({"drill": Drilled(ASKED, (expand(ASKED, 0),), found)}, objectives)


def test_a_head_that_keeps_its_targets_passes():
    assert judged(GOOD, GOOD).outcome == "pass"


def test_a_target_that_is_not_kept_fails_whatever_the_base_does():
    found = judged(WORSE, WORSE)
    assert (found.outcome, [miss.what for miss in found.misses], found.losses) == ("fail", ["availability"], ())


def test_a_loss_against_the_base_fails_and_says_how_many_hours_of_a_year_it_is():
    found = judged(WORSE, GOOD)
    (loss, *_) = found.losses
    assert (found.outcome, loss.what) == ("fail", "availability")
    assert loss.before == 1.0
    assert loss.hours == pytest.approx(0.05 * 8760)


def test_what_another_rung_answers_instead_is_a_loss_though_nobody_went_without():
    others = [answer(n, n * 30.0, rung="L1" if n % 5 == 0 else "L0") for n in range(120)]
    assert [loss.what for loss in judged(others, GOOD).losses] == ["answered by L0"]


def test_no_loss_is_found_where_nothing_changed_or_it_got_better():
    assert judged(GOOD, WORSE).losses == ()


def test_objectives_hold_in_traces_that_last_as_long_as_they_do():
    hour = Objective(name="p99", signal="p99-seconds", at_most=5, window="1h")
    month = Objective(name="p99", signal="p99-seconds", at_most=5, window="30d")
    degradation = Objective(name="degradation", signal="degradation", at_most=0.01, window="1h")
    assert [miss.what for miss in judged(SLOW, None, [hour]).misses] == ["availability", "P99 seconds", "p99"]
    assert [miss.what for miss in judged(SLOW, None, [month, degradation]).misses] == ["availability", "P99 seconds"]


def test_an_arm_that_crashed_is_told_and_decides_only_if_it_is_head_or_base():
    crashed = lines("supervised", [], "Boom")
    found = judged(GOOD, None, supervised=crashed)
    assert (found.outcome, found.broken) == ("pass", (("drill", "supervised", "Boom"),))
    assert judged([], None, error="Boom").outcome == "inconclusive"
