"""What is measured: all names in one place, since the GenAI semantic conventions are still in development.

Source: OpenTelemetry semantic conventions for generative AI, "Metrics" and "Spans"; in metrics dots become
underscores and units are spelled out, as Prometheus wants them.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from mooring.runtime.watch.tracing import OFF, Tracing

OPERATION_DURATION = "gen_ai_client_operation_duration_seconds"
TOKEN_USAGE = "gen_ai_client_token_usage"
REQUEST_DURATION = "gen_ai_server_request_duration_seconds"

OPERATION = "gen_ai_operation_name"
PROVIDER = "gen_ai_provider_name"
MODEL = "gen_ai_request_model"
TOKEN_TYPE = "gen_ai_token_type"
AGENT = "gen_ai_agent_name"
TOOL = "gen_ai_tool_name"
ERROR = "error_type"

RETRIES = "mooring_retries"
RETRIED = "mooring_retried_calls"
RUNGS = "mooring_rungs"
RESCUES = "mooring_rescued_streams"
HEDGES = "mooring_hedged_calls"
UNFINISHED = "mooring_unfinished_calls"
CACHED = "mooring_cached_answers"
COST = "mooring_cost_usd"
REFUSED = "mooring_refused_requests"
TENANT_TOKENS = "mooring_tenant_tokens_today"
TENANT_COST = "mooring_tenant_cost_usd_today"
TOOL_CALLS = "mooring_tool_calls"
TOOL_RETRIES = "mooring_tool_retries"
TOOL_DURATION = "mooring_tool_duration_seconds"
CONTEXT = "mooring_context_ratio"
TRIMS = "mooring_context_trims"
MEMORY = "mooring_memory_ratio"
CONVERSATIONS = "mooring_conversations_in_memory"
LOOP_LAG = "mooring_loop_lag_seconds"
START_TIME = "mooring_start_time_seconds"

# Read from what the slot keeps anyway, when somebody asks: see health/scrape.py.
REQUESTS = "mooring_requests"
IN_FLIGHT = "mooring_requests_in_flight"
CIRCUIT = "mooring_circuit_state"
QUEUE = "mooring_queue_depth"
EXPORT_LAG = "mooring_export_lag_seconds"
UPTIME = "mooring_uptime_seconds"
CHECK = "mooring_health_check"
WORKER_UP = "mooring_worker_up"
RELEASE = "mooring_release_info"

CHAT = "chat"
INVOKE_AGENT = "invoke_agent"
EXECUTE_TOOL = "execute_tool"

_CALL_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_RUN_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.5, 5, 7.5, 10, 15, 20, 25, 30, 45, 60, 90, 120)
"""Finest around what is promised: a mean below 5 s, and 99 of 100 below 30 s."""
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5)
_RATIOS = (0.1, 0.25, 0.5, 0.7, 0.85, 1, 1.5, 2)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)


# When a series began is a third of all lines, and nobody reads it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The metrics and spans of one app, in a registry of its own, so that two apps fit in one process."""

    def __init__(self, tracing: Tracing = OFF) -> None:
        self.tracing = tracing
        self.registry = registry = CollectorRegistry()

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(name, what, labels, registry=registry)

        def histogram(name: str, what: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, what, labels, buckets=buckets, registry=registry)

        self.operations = histogram(
            OPERATION_DURATION,
            "Duration of one call of a model, all tries of its rung included.",
            (OPERATION, PROVIDER, MODEL, ERROR),
            _CALL_SECONDS,
        )
        self.tokens = histogram(TOKEN_USAGE, "Tokens of one call of a model.", (PROVIDER, MODEL, TOKEN_TYPE), _TOKENS)
        self.runs = histogram(
            REQUEST_DURATION, "Duration of one run of an agent.", (OPERATION, AGENT, ERROR), _RUN_SECONDS
        )
        self.retries = counter(RETRIES, "Tries of a model after the first.", MODEL, ERROR)
        self.retried = counter(RETRIED, "Calls of a model that took more than one try.", MODEL, "outcome")
        self.rungs = counter(RUNGS, "Runs by the lowest rung that answered.", AGENT, "rung")
        self.rescues = counter(RESCUES, "Streams that died and went on at another rung.", AGENT, MODEL, ERROR)
        self.hedges = counter(
            HEDGES, "Rungs asked beside a slow one: asked, denied by the budget; won by any.", AGENT, MODEL, "outcome"
        )
        self.unfinished = counter(UNFINISHED, "Calls of a model that were given up; priced by estimate.", AGENT, MODEL)
        self.cached = counter(CACHED, "Runs that got the last good answer to the same question.", AGENT)
        self.refused = counter(REFUSED, "Requests that were refused for want of a key, or beyond a limit.", "code")
        self.cost = counter(COST, "Cost of model calls in US dollars.", AGENT, MODEL)
        self.tool_calls = counter(TOOL_CALLS, "Tool calls by outcome.", TOOL, "outcome")
        self.tool_retries = counter(TOOL_RETRIES, "Tries of a tool's call after the first.", TOOL)
        self.tool_seconds = histogram(TOOL_DURATION, "Duration of one tool call.", (TOOL,), _CALL_SECONDS)
        self.context = histogram(
            CONTEXT, "How full a model's window would be with the whole conversation.", (AGENT, MODEL), _RATIOS
        )
        self.trims = counter(TRIMS, "Conversations cut to fit: trimmed, summarised, rescued.", AGENT, MODEL, "how")
        self.memory = Gauge(MEMORY, "Resident memory of the slot, of its limit.", registry=registry)
        self.loop_lag = histogram(LOOP_LAG, "How late the event loop was.", (), _LAG_SECONDS)
        Gauge(START_TIME, "When this slot started, Unix time.", registry=registry).set_to_current_time()

    def text(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
