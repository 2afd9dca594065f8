"""Every figure that is promised can be computed from what `/metrics` says."""

import math
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mooring import metrics


class Scraped:
    """The samples of one scrape, with as much of PromQL as the figures need."""

    def __init__(self, text: str) -> None:
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        self.names = {sample.name for sample in self.samples}

    def sum(self, name: str, **labels: str) -> float:
        assert name in self.names, name
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == name and all(sample.labels.get(label) == value for label, value in labels.items())
        )

    def quantile(self, q: float, name: str) -> float:
        """`histogram_quantile`: linear within a bucket."""
        counts: dict[float, float] = {}
        for sample in self.samples:
            if sample.name == f"{name}_bucket":
                edge = float(sample.labels["le"])
                counts[edge] = counts.get(edge, 0) + sample.value
        rank, below, under = q * max(counts.values()), 0.0, 0.0
        for edge, count in sorted(counts.items()):
            if count >= rank:
                return below if math.isinf(edge) else below + (edge - below) * (rank - under) / (count - under)
            below, under = edge, count
        raise AssertionError(counts)


@dataclass(frozen=True)
class Figure:
    """What is promised, how Prometheus computes it, the same here, and whether the value is what was played."""

    name: str
    promql: str
    value: Callable[[Scraped], float]
    right: Callable[[float], bool]


RUNS, LAG = metrics.REQUEST_DURATION, metrics.LOOP_LAG
FIGURES = [
    Figure(
        "availability",
        'sum(mooring_requests_total{end="answered"}) / sum(mooring_requests_total{end=~"answered|failed"})',
        lambda m: (
            m.sum("mooring_requests_total", end="answered")
            / (m.sum("mooring_requests_total", end="answered") + m.sum("mooring_requests_total", end="failed"))
        ),
        lambda value: value == 1,
    ),
    Figure("uptime", "mooring_uptime_seconds", lambda m: m.sum("mooring_uptime_seconds"), lambda value: value > 0),
    Figure(
        "mean seconds of an answer",
        f"sum({RUNS}_sum) / sum({RUNS}_count)",
        lambda m: m.sum(f"{RUNS}_sum") / m.sum(f"{RUNS}_count"),
        lambda value: 0 < value < 5,
    ),
    Figure(
        "P99 seconds of an answer",
        f"histogram_quantile(0.99, sum by (le) ({RUNS}_bucket))",
        lambda m: m.quantile(0.99, RUNS),
        lambda value: 0 < value < 30,
    ),
    Figure(
        "success of retries",
        'sum(mooring_retried_calls_total{outcome="success"}) / sum(mooring_retried_calls_total)',
        lambda m: m.sum("mooring_retried_calls_total", outcome="success") / m.sum("mooring_retried_calls_total"),
        lambda value: value == 0.5,
    ),
    Figure(
        "tries after the first",
        "sum(mooring_retries_total)",
        lambda m: m.sum("mooring_retries_total"),
        lambda value: value == 2,
    ),
    Figure(
        "degradation: runs not answered by L0",
        '1 - sum(mooring_rungs_total{rung="L0"}) / sum(mooring_rungs_total)',
        lambda m: 1 - m.sum("mooring_rungs_total", rung="L0") / m.sum("mooring_rungs_total"),
        lambda value: value == pytest.approx(4 / 6),
    ),
    Figure(
        "runs by rung",
        "mooring_rungs_total",
        lambda m: m.sum("mooring_rungs_total", rung="L1"),
        lambda value: value == 2,
    ),
    Figure(
        "breakers that are not closed",
        'count(mooring_circuit_state{kind="model"} > 0)',
        lambda m: sum(s.value > 0 for s in m.samples if s.name == "mooring_circuit_state"),
        lambda value: value == 3,
    ),
    Figure("queue depth", "max(mooring_queue_depth)", lambda m: m.sum("mooring_queue_depth"), lambda value: value == 0),
    Figure("memory", "mooring_memory_ratio", lambda m: m.sum("mooring_memory_ratio"), lambda value: 0 < value < 1),
    Figure(
        "context, P99",
        "histogram_quantile(0.99, sum by (le) (mooring_context_ratio_bucket))",
        lambda m: m.quantile(0.99, "mooring_context_ratio"),
        lambda value: 0 < value < 1,
    ),
    Figure(
        "tokens",
        "sum by (gen_ai_token_type) (gen_ai_client_token_usage_sum)",
        lambda m: m.sum("gen_ai_client_token_usage_sum", gen_ai_token_type="input"),
        lambda value: value >= 300,
    ),
    Figure(
        "dollars", "sum(mooring_cost_usd_total)", lambda m: m.sum("mooring_cost_usd_total"), lambda value: value > 0
    ),
    Figure(
        "in flight",
        "mooring_requests_in_flight",
        lambda m: m.sum("mooring_requests_in_flight"),
        lambda value: value == 0,
    ),
    Figure(
        "streams that were rescued",
        "sum(mooring_rescued_streams_total)",
        lambda m: m.sum("mooring_rescued_streams_total"),
        lambda value: value == 1,
    ),
    Figure(
        "answers from the cache",
        "sum(mooring_cached_answers_total)",
        lambda m: m.sum("mooring_cached_answers_total"),
        lambda value: value == 1,
    ),
    Figure(
        "loop lag, P99",
        f"histogram_quantile(0.99, sum by (le) ({LAG}_bucket))",
        lambda m: m.quantile(0.99, LAG),
        lambda value: 0 <= value < 5,
    ),
    Figure(
        "checks that fail",
        "count(mooring_health_check == 0)",
        lambda m: sum(s.value == 0 for s in m.samples if s.name == "mooring_health_check"),
        lambda value: value >= 1,
    ),
]


ONLY_SOMETIMES = {metrics.EXPORT_LAG, metrics.WORKER_UP}
"""Where something is exported, and where there are workers."""


@pytest.fixture(scope="module")
def scraped(module_played) -> Scraped:
    return Scraped(module_played)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_can_be_computed(figure: Figure, scraped: Scraped) -> None:
    value = figure.value(scraped)
    assert figure.right(value), f"{figure.name} = {figure.promql} = {value}"


def test_the_buckets_meet_what_is_promised(scraped: Scraped) -> None:
    edges = {float(s.labels["le"]) for s in scraped.samples if s.name == f"{RUNS}_bucket"}
    assert {5, 30} <= edges


def test_no_series_is_named_after_a_run_or_a_user(scraped: Scraped) -> None:
    values = {value for sample in scraped.samples for value in sample.labels.values()}
    assert not any(value.startswith("run_") or "private" in value for value in values)


def test_promtool_finds_nothing_to_complain_of(module_played: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=module_played, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_series_is_in_the_table_with_its_labels(scraped: Scraped) -> None:
    wrong = [
        f"{sample.name}{sorted(sample.labels)}"
        for sample in scraped.samples
        if not set(sample.labels) <= {*metrics.SERIES.get(sample.name, ("?",)), *metrics.EVERYWHERE}
        or sample.name not in metrics.SERIES
    ]
    assert wrong == []


def test_what_a_slot_exports_is_what_the_table_says_of_it(module_played: str) -> None:
    shown = {family.name: family.type for family in text_string_to_metric_families(module_played)}
    told = {
        name: "gauge" if metric.type == "info" else metric.type
        for name, metric in metrics.METRICS.items()
        if name not in metrics.OF_ENVIRONMENT | ONLY_SOMETIMES
    }
    assert {name: shown.get(name) for name in told} == told
