"""One answer to `/metrics` for all workers of a slot.

Series carry the number of their worker, and whoever reads sums them up, as `sum(rate(…))` does: a worker that was
started again counts from 0, which Prometheus sees and allows for in a series, and could not see in a sum.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mooring import metrics as names
from mooring.runtime.watch.reading import Families

OF_ALL = {names.QUEUE, names.EXPORT_LAG, names.TENANT_TOKENS, names.TENANT_COST, names.RELEASE.removesuffix("_info")}
"""What every worker reads from the same place: said once, without a number."""

WORKER = "worker"


class Merged(Collector):
    """The metrics of workers by number; None for one that did not answer. Those of `own` are of the one that asks."""

    def __init__(self, own: int, each: Mapping[int, Families | None]) -> None:
        self._own, self._each = own, dict(sorted(each.items()))

    def collect(self) -> Iterator[Metric]:
        """Families in the order of the worker that asks."""
        found: dict[str, Metric] = {}
        workers = sorted(self._each, key=lambda worker: worker != self._own)
        for worker in workers:
            for family in self._each[worker] or ():
                if family["name"] in OF_ALL and worker != self._own:
                    continue
                metric = found.setdefault(family["name"], Metric(family["name"], family["what"], family["type"]))
                more = {} if family["name"] in OF_ALL else {WORKER: str(worker)}
                for name, labels, value in family["samples"]:
                    metric.add_sample(name, {**labels, **more}, value)
        up = GaugeMetricFamily(names.WORKER_UP, "1 for a worker whose figures are in this answer.", labels=(WORKER,))
        for worker, answer in self._each.items():
            up.add_metric((str(worker),), answer is not None)
        yield from found.values()
        yield up

    def text(self) -> bytes:
        """In the Prometheus text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)
