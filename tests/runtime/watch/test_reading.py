"""What is read past the client library is what the library itself says."""

from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from mooring.runtime.watch.reading import families
from mooring.runtime.watch.telemetry import Metrics


class About(Collector):
    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("mooring_release", "What runs.", {"digest": "d"})


def filled() -> Metrics:
    """Two series of every metric, with numbers in several buckets."""
    metrics = Metrics()
    metrics.registry.register(About())
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            labels = [[f"{label}-{number}" for label in metric._labelnames] for number in range(2)]
            for values in labels if metric._labelnames else [[]]:
                child = metric.labels(*values) if values else metric
                for value in (0.003, 0.4, 7, 5e6):
                    child.observe(value) if isinstance(child, Histogram) else child.inc(value)
    return metrics


def test_every_metric_is_read_as_the_client_library_collects_it() -> None:
    metrics = filled()
    said = families(metrics.registry)
    assert [
        {
            "name": metric.name,
            "what": metric.documentation,
            "type": metric.type,
            "samples": [[sample.name, sample.labels, sample.value] for sample in metric.samples],
        }
        for metric in metrics.registry.collect()
    ] == said
    assert sum(len(family["samples"]) for family in said) > 100
    assert {family["type"] for family in said} == {"counter", "gauge", "histogram", "info"}
