"""The table of metrics: names and labels that Prometheus' own linter has nothing against."""

import re
import subprocess

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mooring import metrics


class Table(Collector):
    """One series of every metric."""

    def collect(self) -> list[Metric]:
        return [family(name, metric) for name, metric in metrics.METRICS.items()]


def family(name: str, metric: metrics.Metric) -> Metric:
    values = ["x"] * len(metric.labels)
    match metric.type:
        case "counter":
            counter = CounterMetricFamily(name, "What it counts.", labels=metric.labels)
            counter.add_metric(values, 1)
            return counter
        case "histogram":
            histogram = HistogramMetricFamily(name, "What it measures.", labels=metric.labels)
            histogram.add_metric(values, [*((str(edge), 1) for edge in metric.buckets), ("+Inf", 1)], 1)
            return histogram
    gauge = GaugeMetricFamily(name, "What it is.", labels=metric.labels)
    gauge.add_metric(values, 1)
    return gauge


def test_the_linter_of_prometheus_has_nothing_against_any_metric() -> None:
    registry = CollectorRegistry()
    registry.register(Table())
    text = generate_latest(registry).decode()
    assert text.count("# HELP") == len(metrics.METRICS)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_names_are_ours_or_those_of_the_conventions() -> None:
    assert [name for name in metrics.METRICS if not re.fullmatch(r"(mooring|gen_ai)_[a-z_]+[a-z]", name)] == []


def test_histograms_alone_have_buckets_and_those_rise() -> None:
    for name, metric in metrics.METRICS.items():
        assert bool(metric.buckets) == (metric.type == "histogram"), name
        assert list(metric.buckets) == sorted(set(metric.buckets)), name
