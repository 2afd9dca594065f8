"""What a slot measures, by the names, labels and buckets of the table in `mooring.metrics`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from mooring import metrics as names
from mooring.runtime.watch.tracing import OFF, Tracing

CHAT = "chat"
INVOKE_AGENT = "invoke_agent"
EXECUTE_TOOL = "execute_tool"

# When a series began is a third of all lines, and nobody reads it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The metrics and spans of one app, in a registry of its own, so that two apps fit in one process."""

    def __init__(self, tracing: Tracing = OFF) -> None:
        self.tracing = tracing
        self.registry = registry = CollectorRegistry()

        def counter(name: str, what: str) -> Counter:
            return Counter(name, what, names.METRICS[name].labels, registry=registry)

        def gauge(name: str, what: str) -> Gauge:
            return Gauge(name, what, names.METRICS[name].labels, registry=registry)

        def histogram(name: str, what: str) -> Histogram:
            metric = names.METRICS[name]
            return Histogram(name, what, metric.labels, buckets=metric.buckets, registry=registry)

        self.operations = histogram(
            names.OPERATION_DURATION, "Duration of one call of a model, all tries of its rung included."
        )
        self.tokens = histogram(names.TOKEN_USAGE, "Tokens of one call of a model.")
        self.runs = histogram(names.REQUEST_DURATION, "Duration of one run of an agent.")
        self.retries = counter(names.RETRIES, "Tries of a model after the first.")
        self.retried = counter(names.RETRIED, "Calls of a model that took more than one try.")
        self.rungs = counter(names.RUNGS, "Runs by the lowest rung that answered.")
        self.probed = counter(names.PROBED, "Probes, canaries and rehearsals, which are no runs, by the same.")
        self.rescues = counter(names.RESCUES, "Streams that died and went on at another rung.")
        self.hedges = counter(names.HEDGES, "Rungs asked beside a slow one: asked, denied by the budget; won by any.")
        self.unfinished = counter(names.UNFINISHED, "Calls of a model that were given up; priced by estimate.")
        self.cached = counter(names.CACHED, "Runs that got the last good answer to the same question.")
        self.refused = counter(names.REFUSED, "Requests that were refused for want of a key, or beyond a limit.")
        self.cost = counter(names.COST, "Cost of model calls in US dollars.")
        self.tool_calls = counter(names.TOOL_CALLS, "Tool calls by outcome.")
        self.tool_retries = counter(names.TOOL_RETRIES, "Tries of a tool's call after the first.")
        self.tool_seconds = histogram(names.TOOL_DURATION, "Duration of one tool call.")
        self.context = histogram(names.CONTEXT, "How full a model's window would be with the whole conversation.")
        self.trims = counter(names.TRIMS, "Conversations cut to fit: trimmed, summarised, rescued.")
        self.memory = gauge(names.MEMORY, "Resident memory of the slot, of its limit.")
        self.loop_lag = histogram(names.LOOP_LAG, "How late the event loop was.")
        gauge(names.START_TIME, "When this slot started, Unix time.").set_to_current_time()

    def text(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
