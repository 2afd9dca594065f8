"""Metrics that are read from what the slot keeps anyway, at the moment somebody asks."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from mooring import metrics as names
from mooring.runtime.memory.conversations.conversations import Conversations
from mooring.runtime.memory.spend import Spend
from mooring.runtime.watch.accounting import Accounting
from mooring.runtime.watch.health.health import Agents, Health

STATES = {"closed": 0, "half-open": 1, "open": 2}


class Scrape(Collector):
    """Of one slot; register it with the registry of its metrics."""

    def __init__(
        self,
        about: Mapping[str, str],
        accounting: Accounting,
        conversations: Conversations,
        agents: Agents,
        health: Health,
        spend: Spend,
        through: Path,
    ) -> None:
        self._about, self._accounting, self._conversations = dict(about), accounting, conversations
        self._agents, self._health, self._spend = agents, health, spend
        self._through = through
        self._began = time.monotonic()

    def describe(self) -> Iterator[Metric]:
        """Nothing: the agents are not loaded yet when this is registered."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Never waits: what has to be asked for was asked by `Health.count`."""
        counts = self._accounting.data()
        yield GaugeMetricFamily(names.IN_FLIGHT, "Requests being answered now.", counts.pop("in_flight"))
        requests = CounterMetricFamily(names.REQUESTS, "Requests, by how they ended.", labels=("end",))
        for end, count in counts.items():
            requests.add_metric((end,), count)
        yield requests
        yield GaugeMetricFamily(names.UPTIME, "Seconds since this slot started.", time.monotonic() - self._began)
        yield InfoMetricFamily(names.RELEASE.removesuffix("_info"), "What the slot runs.", self._about)
        recent = len(self._conversations.recent)
        yield GaugeMetricFamily(names.CONVERSATIONS, "Conversations kept in memory.", recent)
        # Without a value where nobody can tell: 0 would say that nobody waits.
        waiting = self._health.queue_depth
        yield GaugeMetricFamily(names.QUEUE, "Questions that wait under tickets, of all slots.", waiting)
        yield from self._exported()
        yield from self._circuits()
        yield from self._checks()
        yield from self._spent()

    def _spent(self) -> Iterator[Metric]:
        labels = ("tenant", names.AGENT)
        tokens = GaugeMetricFamily(names.TENANT_TOKENS, "Tokens since midnight UTC, of both slots.", labels=labels)
        cost = GaugeMetricFamily(names.TENANT_COST, "US dollars since midnight UTC, of both slots.", labels=labels)
        for who, spent in self._spend.by_agent().items():
            tokens.add_metric(who, spent.tokens)
            cost.add_metric(who, spent.usd)
        yield tokens
        yield cost

    def _exported(self) -> Iterator[Metric]:
        """Nothing where no exporter runs."""
        try:
            behind = max(0.0, time.time() - float(self._through.read_text()))
        except (OSError, ValueError):
            return
        yield GaugeMetricFamily(names.EXPORT_LAG, "Seconds by which exports are behind the database.", behind)

    def _circuits(self) -> Iterator[Metric]:
        labels = ("kind", "endpoint", "profile")
        family = GaugeMetricFamily(names.CIRCUIT, "Calls go 0 (closed), as one probe 1, not at all 2.", labels=labels)
        for kind, circuits in (("model", self._agents.circuits()), ("tool", self._agents.tool_circuits())):
            for (endpoint, profile), circuit in circuits.items():
                family.add_metric((kind, endpoint, profile), STATES[circuit.state])
        yield family

    def _checks(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(names.CHECK, "1 while a health check passes.", labels=("layer", "check"))
        for check in self._health.all:
            if check.last:
                family.add_metric((check.layer, check.name), check.last.ok)
        yield family
