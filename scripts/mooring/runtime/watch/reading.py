"""Reads what a registry holds, quickly: by way of the client library's `collect`, 2,000 series hold up the event loop
of a worker four times as long. It reaches into that library, so a test holds that both say the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString

Families = list[dict[str, Any]]
"""JSON-able: the metrics of one process."""


def families(registry: CollectorRegistry, packed: bool = False) -> Families:
    """What a registry holds now.

    `packed` has counters and histograms without a name for each number: `labels` are names, `edges` those of a
    histogram's buckets, and each of the `rows` has the labels' values and the numbers: of the buckets, count and sum.
    """
    found: Families = []
    for collector in list(registry._collector_to_names):
        if packed and isinstance(collector, Counter | Histogram):
            found.append(_packed(collector))
        elif isinstance(collector, Histogram):
            found.append(_family(collector, "histogram", _histogram(collector)))
        elif isinstance(collector, Counter):
            found.append(_family(collector, "counter", _counter(collector)))
        else:
            found += map(_collected, collector.collect())
    return found


def _family(metric: Counter | Histogram, kind: str, samples: Iterable[list[Any]]) -> dict[str, Any]:
    return {"name": metric._name, "what": metric._documentation, "type": kind, "samples": list(samples)}


def _children(metric: Counter | Histogram) -> Iterator[tuple[dict[str, str], Any]]:
    """Labels, and what was counted under them."""
    return ((dict(zip(metric._labelnames, values, strict=True)), child) for values, child in _rows(metric))


def _rows(metric: Counter | Histogram) -> list[tuple[Sequence[str], Any]]:
    """The values of labels, and what was counted under them."""
    if not metric._labelnames:
        return [((), metric)]
    with metric._lock:
        return list(metric._metrics.items())


def _histogram(metric: Histogram) -> Iterator[list[Any]]:
    bucket, edges = f"{metric._name}_bucket", [_edge(edge) for edge in metric._upper_bounds]
    for labels, child in _children(metric):
        count = 0.0
        for edge, counted in zip(edges, child._buckets, strict=True):
            count += counted.get()
            yield [bucket, {**labels, "le": edge}, count]
        yield [f"{metric._name}_count", labels, count]
        yield [f"{metric._name}_sum", labels, child._sum.get()]


def _counter(metric: Counter) -> Iterator[list[Any]]:
    for labels, child in _children(metric):
        yield [f"{metric._name}_total", labels, child._value.get()]


def _packed(metric: Counter | Histogram) -> dict[str, Any]:
    found: dict[str, Any] = {"name": metric._name, "what": metric._documentation, "labels": metric._labelnames}
    if isinstance(metric, Histogram):
        found |= {"type": "histogram", "edges": [_edge(edge) for edge in metric._upper_bounds]}
        found["rows"] = [[values, _numbers(child)] for values, child in _rows(metric)]
    else:
        found |= {"type": "counter", "rows": [[values, [child._value.get()]] for values, child in _rows(metric)]}
    return found


def _numbers(child: Any) -> list[float]:
    """Of the buckets, the count and the sum."""
    buckets = list(accumulate(bucket.get() for bucket in child._buckets))
    return [*buckets, buckets[-1], child._sum.get()]


def _collected(metric: Metric) -> dict[str, Any]:
    samples = [[sample.name, sample.labels, sample.value] for sample in metric.samples]
    return {"name": metric.name, "what": metric.documentation, "type": metric.type, "samples": samples}


def _edge(value: float) -> str:
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]
