"""Metrics: all names in one place, since the GenAI semantic conventions are still in development.

Source: OpenTelemetry semantic conventions for generative AI, "Metrics"; dots become underscores and units
are spelled out, as Prometheus wants them. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
RUNGS = "mooring_rungs"
COST = "mooring_cost_usd"
TOOL_CALLS = "mooring_tool_calls"
BREAKER = "mooring_breaker_open"
REQUESTS = "mooring_requests"
IN_FLIGHT = "mooring_requests_in_flight"
CONTEXT = "mooring_context_ratio"
TRIMS = "mooring_context_trims"
MEMORY = "mooring_memory_ratio"
CONVERSATIONS = "mooring_conversations_in_memory"
START_TIME = "mooring_start_time_seconds"

CHAT = "chat"
INVOKE_AGENT = "invoke_agent"

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_RATIOS = (0.1, 0.25, 0.5, 0.7, 0.85, 1, 1.5, 2)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)


class Metrics:
    """The metrics of one app, in a registry of its own, so that two apps fit in one process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.operations = Histogram(
            OPERATION_DURATION,
            "Duration of one call of a model, all tries of its rung included.",
            (OPERATION, PROVIDER, MODEL, ERROR),
            buckets=_SECONDS,
            registry=registry,
        )
        self.tokens = Histogram(
            TOKEN_USAGE,
            "Tokens of one call of a model.",
            (PROVIDER, MODEL, TOKEN_TYPE),
            buckets=_TOKENS,
            registry=registry,
        )
        self.runs = Histogram(
            REQUEST_DURATION,
            "Duration of one run of an agent.",
            (OPERATION, AGENT, ERROR),
            buckets=_SECONDS,
            registry=registry,
        )
        self.retries = Counter(RETRIES, "Tries of a model after the first.", (MODEL, ERROR), registry=registry)
        self.rungs = Counter(RUNGS, "Runs by the lowest rung that answered.", (AGENT, "rung"), registry=registry)
        self.cost = Counter(COST, "Cost of model calls in US dollars.", (AGENT, MODEL), registry=registry)
        self.tool_calls = Counter(TOOL_CALLS, "Tool calls by outcome.", (TOOL, "outcome"), registry=registry)
        self.tool_seconds = Histogram(
            "mooring_tool_duration_seconds", "Duration of one tool call.", (TOOL,), buckets=_SECONDS, registry=registry
        )
        self.breakers = Gauge(BREAKER, "1 while calls of a model are stopped.", (MODEL,), registry=registry)
        self.requests = Gauge(REQUESTS, "Requests since the start, by how they ended.", ("end",), registry=registry)
        self.context = Histogram(
            CONTEXT,
            "How full a model's window would be with the whole conversation.",
            (AGENT, MODEL),
            buckets=_RATIOS,
            registry=registry,
        )
        self.trims = Counter(
            TRIMS, "Conversations cut to fit: trimmed, summarised, rescued.", (AGENT, MODEL, "how"), registry=registry
        )
        self.memory = Gauge(MEMORY, "Resident memory of the slot, of its limit.", registry=registry)
        self.conversations = Gauge(CONVERSATIONS, "Conversations kept in memory.", registry=registry)
        self.in_flight = Gauge(IN_FLIGHT, "Requests being answered now.", registry=registry)
        Gauge(START_TIME, "When this slot started, Unix time.", registry=registry).set_to_current_time()

    def text(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
