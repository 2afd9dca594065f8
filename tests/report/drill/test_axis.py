"""A short trace is drawn as it passes, and of a long one what was lived through stands side by side."""

from itertools import pairwise

import pytest

from mooring.drill.schedule import windows
from mooring.drill.trace import expand
from mooring.report.drill.axis import WIDTH, Axis, axis
from mooring.report.drill.lanes import EMPTY, OUTCOMES, cells, outcome
from mooring.report.drill.paths import HEIGHT, height, path
from mooring.report.drill.plots import timeline
from tests.report.drill.story import BOUGHT, WORSE, crashed, drill, lived, outage, year


@pytest.fixture(scope="module")
def sampled() -> Axis:
    return axis(windows(year(), expand(year(), 0), 0), 60)


def test_all_of_a_short_trace_is_drawn_in_equal_pieces() -> None:
    found = axis(windows(outage(), expand(outage(), 0), 0), 60)
    assert not found.sampled
    assert len(found.bins) == 60
    assert {round(each.end - each.start, 6) for each in found.bins} == {60.0}
    assert (found.bins[0].left, found.bins[-1].right) == (0, WIDTH)
    assert found.groups[0].at(1800) == pytest.approx(WIDTH / 2)
    assert [text for _, text in found.ticks()] == ["0:00", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00"]


def test_of_a_long_trace_pieces_stand_in_order_with_gaps_between_episodes(sampled: Axis) -> None:
    assert sampled.sampled
    assert sampled.bins[-1].right == pytest.approx(WIDTH)
    for one, other in pairwise(sampled.bins):
        assert one.end <= other.start
        assert one.right <= other.left + 1e-6
    for before, after in pairwise(sampled.groups):
        assert after.bins[0].left - before.bins[-1].right > 1


def test_a_moment_that_is_left_out_is_drawn_at_the_end_of_what_is_before_it(sampled: Axis) -> None:
    group = next(each for each in sampled.groups if len(each.bins) > 3)
    before, after = next((one, other) for one, other in pairwise(group.bins) if other.start - one.end > 1)
    assert group.at((before.end + after.start) / 2) == before.right
    assert group.at(after.start) == after.left


def test_ticks_of_a_long_trace_are_days_that_do_not_run_into_each_other(sampled: Axis) -> None:
    places = [where for where, _ in sampled.ticks()]
    assert all(other - one >= WIDTH / 7 for one, other in pairwise(places))
    assert all(text.startswith("day ") for _, text in sampled.ticks())


@pytest.mark.parametrize("found", [lived(outage(), WORSE), lived(year(), WORSE)], ids=["short", "year"])
def test_every_question_that_counts_is_drawn_once(found) -> None:
    drawn = timeline(found, 60)
    assert drawn is not None
    for lane in drawn.lanes:
        counted = [answer for answer in found.arms[lane.arm].answers if answer.weight]
        assert sum(cell.asked for cell in lane.cells) == len(counted)
        for place, name in enumerate(OUTCOMES):
            here = sum(cell.counts[place] for cell in lane.cells)
            assert here == sum(outcome(answer) == name for answer in counted), name


def test_an_incident_is_drawn_at_its_time_and_by_whom_it_hits() -> None:
    drawn = timeline(lived(outage()), 60)
    assert drawn is not None
    (target,) = drawn.targets
    (bar,) = target.bars
    assert (target.name, bar.left, bar.width, bar.height) == ("L0", 200, 300, HEIGHT)
    assert bar.says == "L0 down: 0:12:00 to 0:30:00, 18 min"
    assert bar.label == "down"


def test_a_partial_incident_is_lower_and_one_of_tools_has_a_row_of_its_own() -> None:
    incidents = [
        {"rung": "L1", "start": 0.1, "end": 0.2, "severity": 0.5, "mode": "errors"},
        {"service": "*", "start": 0.3, "end": 0.4, "mode": "hang"},
    ]
    drawn = timeline(lived(drill(incidents=incidents)), 60)
    assert drawn is not None
    assert [(each.name, each.bars[0].height) for each in drawn.targets] == [("L1", 50), ("all services", 100)]


def test_incidents_that_were_not_lived_through_are_not_drawn() -> None:
    found = lived(year())
    drawn = timeline(found, 60)
    assert drawn is not None
    assert 0 < len(drawn.incidents) < found.incidents
    for target in drawn.targets:
        assert all(bar.left >= 0 and bar.left + bar.width <= WIDTH + 1.5 for bar in target.bars)


def test_arms_without_one_policy_are_apart_and_those_that_crashed_are_left_out() -> None:
    drawn = timeline(crashed(lived(outage(), BOUGHT), "base", "it died"), 60)
    assert drawn is not None
    assert [lane.arm for lane in drawn.lanes] == ["supervised", "head"]
    assert [lane.arm for lane in drawn.policies] == ["without breaker", "without L1"]
    nobody = lived(outage(), {})
    assert timeline(nobody, 60) is None


def test_a_lane_says_in_words_what_it_shows() -> None:
    drawn = timeline(lived(outage()), 60)
    assert drawn is not None
    supervised, _, head = drawn.lanes
    assert ", in 1 time of failing" in supervised.says
    assert " by L0, " in head.says
    assert " by L1" in head.says
    assert supervised.spared == ""
    assert head.spared != ""


def test_only_the_first_of_several_seeds_is_drawn() -> None:
    found = lived(outage(), seeds=(5, 6))
    drawn = timeline(found, 60)
    assert drawn is not None
    assert drawn.seed == 5
    here = sum(answer.seed == 5 for answer in found.arms["head"].answers)
    assert sum(cell.asked for cell in drawn.lanes[0].cells) == here


def test_what_is_beside_each_other_and_alike_is_one_box() -> None:
    assert path(iter([(0, 10, 0, 100), (10, 20, 0, 100), (20, 30, 50, 100)])) == "M0 0H20V100H0zM20 50H30V100H20z"
    assert path(iter([(0, 10, 0, 100), (12, 20, 0, 100)])) == "M0 0H10V100H0zM12 0H20V100H12z"


def test_ten_times_the_seconds_are_as_far_apart_anywhere() -> None:
    assert height(1) - height(10) == pytest.approx(height(10) - height(100), abs=0.2)
    assert height(0.01) == HEIGHT
    assert height(1e6) == 0


def test_where_nothing_was_asked_there_is_nothing() -> None:
    bins = axis(windows(outage(), expand(outage(), 0), 0), 4).bins
    assert cells([], bins) == [EMPTY] * 4
