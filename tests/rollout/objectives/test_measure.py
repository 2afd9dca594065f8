"""What is measured of a window of counts, and when nothing can be said."""

from typing import Any

import pytest

from mooring import metrics
from mooring.rollout.objectives.burn import burning, limit
from mooring.rollout.objectives.measure import Measured, measure, quantile
from mooring.rollout.objectives.signals import bound, bounds
from mooring.rollout.objectives.window import Between, Key, of_processes, of_text
from tests.operate.objectives.document import document, objective

RUNS = metrics.REQUEST_DURATION


def key(name: str, **labels: str) -> Key:
    return name, frozenset(labels.items())


def counts(name: str, label: str, /, **each: float) -> dict[Key, float]:
    return {key(name, **{label: value}): count for value, count in each.items()}


def histogram(name: str, *values: tuple[float, int], **labels: str) -> dict[Key, float]:
    """`values` are (value, how often)."""
    found = {
        key(f"{name}_bucket", le=bound(edge), **labels): float(sum(n for value, n in values if value <= edge))
        for edge in bounds(name)
    }
    found[key(f"{name}_count", **labels)] = float(sum(n for _, n in values))
    found[key(f"{name}_sum", **labels)] = sum(value * n for value, n in values)
    return found


def one(name: str, after: dict[Key, float], before: dict[Key, float] | None = None) -> Measured:
    """One of the promises over a window of an hour."""
    found = measure(document(), Between(before or {}, after, 3600))
    return next(each for each in found if each.name == name)


def requests(**ends: float) -> dict[Key, float]:
    return counts("mooring_requests_total", "end", **ends)


def test_uptime_is_the_share_of_requests_that_were_answered() -> None:
    found = one("uptime", requests(answered=999, failed=1, abandoned=50))
    assert (found.value, found.holds, found.events) == (0.999, True, 1000)
    assert found.budget == pytest.approx(0.8)


def test_lost_requests_are_failed_ones() -> None:
    found = one("uptime", requests(answered=980, failed=10, lost=10))
    assert (found.value, found.holds, found.budget) == (0.98, False, 0)


def test_time_in_which_nobody_gets_in_counts_although_no_request_does() -> None:
    up, answered = key("mooring_up"), requests(answered=1000)
    found = one("uptime", {up: 0.0, **answered}, {up: 1.0, **answered})
    assert (found.value, found.holds, found.events) == (0.5, False, 0)


def test_a_quiet_environment_that_is_up_keeps_its_promise() -> None:
    up = key("mooring_up")
    found = one("uptime", {up: 1.0, **requests(answered=3, failed=1)}, {up: 1.0, **requests(answered=1)})
    assert (found.value, found.holds, found.budget) == (1, True, 1)


def test_too_few_events_say_nothing_either_way() -> None:
    for total in ({"answered": 19.0, "failed": 1.0}, {"answered": 20.0, "failed": 0.0}):
        found = one("uptime", requests(**total))
        assert (found.holds, found.budget, found.events) == (None, None, 20)


def test_without_any_event_there_is_not_even_a_value() -> None:
    for found in measure(document(), Between({}, {}, 60)):
        assert (found.value, found.holds, found.budget) == (None, None, None), found.name


def test_only_what_happened_in_the_window_counts() -> None:
    found = one("uptime", requests(answered=1100, failed=400), requests(answered=1000, failed=400))
    assert (found.value, found.events) == (1, 100)


def test_a_counter_that_began_anew_counts_from_nothing() -> None:
    window = Between(requests(answered=500), requests(answered=20), 60)
    assert window.increase("mooring_requests_total", end="answered") == 20


def test_degradation_is_of_runs_that_were_answered() -> None:
    found = one("degradation", counts("mooring_rungs_total", "rung", L0=90, L1=8, L4=2, none=900))
    assert (found.holds, found.events) == (False, 100)
    assert found.value == pytest.approx(0.1)


def test_retries_succeed_or_fail() -> None:
    found = one("retries", counts("mooring_retried_calls_total", "outcome", success=95, failure=5))
    assert found.holds
    assert found.value == pytest.approx(0.95)
    assert found.budget == pytest.approx(0.5)


def test_the_mean_is_of_all_runs_whatever_their_agent() -> None:
    after = histogram(RUNS, (4.0, 50), gen_ai_agent_name="a") | histogram(RUNS, (8.0, 50), gen_ai_agent_name="b")
    found = one("mean", after)
    assert (found.value, found.holds, found.unit, found.at_least) == (6, False, "s", False)


def test_p99_is_interpolated_as_prometheus_does() -> None:
    after = histogram(RUNS, (1.0, 980), (40.0, 20))
    found = one("p99", after)
    assert found.value == pytest.approx(37.5)  # half of the twenty between 30 and 45
    assert (found.holds, found.budget) == (False, 0)


def test_beyond_the_last_bucket_nothing_is_known_but_that_it_is_beyond() -> None:
    assert quantile(0.99, [(1.0, 1.0), (float("inf"), 100.0)]) == 1
    found = one("p99", histogram(RUNS, (500.0, 100)))
    assert (found.value, found.holds) == (120, False)


def test_a_promise_just_kept_is_kept() -> None:
    found = one("p99", histogram(RUNS, (1.0, 995), (40.0, 5)))
    assert found.holds
    assert found.budget == pytest.approx(0.5)


def test_memory_is_that_of_the_fullest_process() -> None:
    found = one("memory", {key("mooring_memory_ratio", worker="1"): 0.5, key("mooring_memory_ratio", worker="2"): 0.9})
    assert (found.value, found.holds, found.events) == (0.9, False, 2)


def test_context_is_what_nearly_all_calls_stay_below() -> None:
    assert one("context", histogram(metrics.CONTEXT, (0.6, 96), (1.2, 4))).holds is True
    assert one("context", histogram(metrics.CONTEXT, (0.6, 90), (1.2, 10))).holds is False


def test_a_ratio_is_of_the_series_that_its_labels_select() -> None:
    found = one("tool-errors", counts("mooring_tool_calls_total", "outcome", done=90, failed=6, timeout=4))
    assert (found.holds, found.events) == (False, 100)
    assert found.value == pytest.approx(0.06)


def test_processes_are_added_up_and_their_gauges_kept_apart() -> None:
    def said(answered: int, memory: float) -> list[dict[str, Any]]:
        return [
            {"type": "counter", "samples": [["mooring_requests_total", {"end": "answered"}, answered]]},
            {"type": "gauge", "samples": [["mooring_memory_ratio", {}, memory]]},
        ]

    window = Between({}, of_processes([("1", said(3, 0.4)), ("2", said(4, 0.6))]), 1)
    assert window.increase("mooring_requests_total", end="answered") == 7
    assert sorted(window.levels("mooring_memory_ratio")) == [0.4, 0.6]
    assert window.mean("mooring_memory_ratio") == 0.5


def test_an_answer_to_metrics_is_read_as_totals() -> None:
    text = '# TYPE mooring_up gauge\nmooring_up 1\n# TYPE mooring_rungs counter\nmooring_rungs_total{rung="L0"} 7\n'
    window = Between({}, of_text(text), 1)
    assert (window.levels("mooring_up"), window.increase("mooring_rungs_total")) == ([1], 7)


def test_memory_is_the_mean_of_the_fullest_process_as_its_alert_has_it() -> None:
    def filled(first: float, second: float) -> dict[Key, float]:
        return {key("mooring_memory_ratio", worker="1"): first, key("mooring_memory_ratio", worker="2"): second}

    found = one("memory", filled(0.95, 0.7), filled(0.35, 0.7))
    assert (found.value, found.holds) == (0.7, True), "a peak is no level"


@pytest.mark.parametrize(
    ("budget", "factor", "threshold"), [(0.005, 14.4, 0.072), (0.1, 14.4, 0.8), (0.1, 6, 0.6), (0.9, 1, 0.9)]
)
def test_a_budget_burns_as_fast_as_it_can(budget: float, factor: float, threshold: float) -> None:
    assert limit(budget, factor) == pytest.approx(threshold)


def burnt(after: dict[Key, float]) -> list[str]:
    promises = [objective(name).model_dump(mode="json") for name in ("uptime", "p99", "degradation", "retries")]
    return [burn.line for burn in burning(document(*promises), Between({}, after, 20))]


def test_a_bake_burns_with_the_numbers() -> None:
    (line,) = burnt(requests(answered=90, failed=10))
    assert line == "uptime: 10 of 100 requests failed, where 0.005 may be: its budget burns 20 times as fast as it may"
    (line,) = burnt(counts("mooring_rungs_total", "rung", L0=50, L1=50))
    assert line.startswith("degradation: 50 of 100 runs were not answered by the first rung")
    (line,) = burnt(histogram(RUNS, (1.0, 80), (50.0, 20)))
    assert line.startswith("p99: 20 of 100 took longer than 30 s")


@pytest.mark.parametrize(
    "after",
    [
        requests(answered=19, failed=1),
        requests(answered=30, failed=15),  # fewer than the least that say anything
        requests(answered=99, failed=1),
        counts("mooring_retried_calls_total", "outcome", success=0, failure=100),
    ],
)
def test_a_bake_does_not_burn_by_a_blip_or_by_what_takes_longer_to_judge(after: dict[Key, float]) -> None:
    assert burnt(after) == []
