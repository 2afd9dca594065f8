"""Every metric by its name, with its type and labels: what is exported, and what objectives may be made of.

Names follow the OpenTelemetry semantic conventions for generative AI where these have one; dots become underscores and
units are spelled out, as Prometheus wants them. They are still in development, so they are all in this one place.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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

# Counters are named as their client wants them; in what is exported they end in `_total`.
RETRIES = "mooring_retries"
RETRIED = "mooring_retried_calls"
RUNGS = "mooring_rungs"
PROBED = "mooring_probed_runs"
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

# Read from what the slot keeps anyway, when somebody asks: see runtime/watch/scrape.py.
REQUESTS = "mooring_requests"
IN_FLIGHT = "mooring_requests_in_flight"
CIRCUIT = "mooring_circuit_state"
QUEUE = "mooring_queue_depth"
EXPORT_LAG = "mooring_export_lag_seconds"
UPTIME = "mooring_uptime_seconds"
CHECK = "mooring_health_check"
WORKER_UP = "mooring_worker_up"
RELEASE = "mooring_release_info"

# Of the environment as a whole, by its monitor.
UP = "mooring_up"
LIVE = "mooring_live_info"
SUPERVISOR_UP = "mooring_supervisor_up"
DATABASE_UP = "mooring_database_up"
SWITCHES = "mooring_switches"
RESTARTS = "mooring_restarts"
LOST_REQUESTS = "mooring_lost_requests"
LEASE_HELD = "mooring_lease_held"
QUARANTINED = "mooring_quarantined"
HOTFIXES = "mooring_hotfixes"
LAST_SWITCH = "mooring_last_switch_timestamp_seconds"
LAST_COPY = "mooring_last_copy_timestamp_seconds"
LAST_PROOF = "mooring_last_proof_timestamp_seconds"
JOB_LATE = "mooring_job_late"
PATROL_STATE = "mooring_patrol_state"
PATROL_SECONDS = "mooring_patrol_seconds"
PATROL_RUN = "mooring_patrol_last_run_timestamp_seconds"
OBJECTIVE_VALUE = "mooring_objective_value"
OBJECTIVE_BUDGET = "mooring_objective_budget_ratio"

CALL_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
RUN_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.5, 5, 7.5, 10, 15, 20, 25, 30, 45, 60, 90, 120)
"""Finest around what is promised: a mean below 5 s, and 99 of 100 below 30 s."""
LAG_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5)
RATIOS = (0.1, 0.25, 0.5, 0.7, 0.85, 1, 1.5, 2)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)

EVERYWHERE = ("environment", "release", "slot", "worker")
"""Labels that a series may have whatever its metric: of the scrape, of the release and of the process."""

Type = Literal["counter", "gauge", "histogram", "info"]


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels` are its own, those of EVERYWHERE aside; `buckets` are the upper bounds of a histogram."""

    type: Type
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def series(self, name: str) -> dict[str, tuple[str, ...]]:
        """Labels by the name of each series that is exported."""
        match self.type:
            case "counter":
                return {f"{name}_total": self.labels}
            case "histogram":
                below = (*self.labels, "le")
                return {f"{name}_bucket": below, f"{name}_count": self.labels, f"{name}_sum": self.labels}
        return {name: self.labels}


def _counter(*labels: str) -> Metric:
    return Metric("counter", labels)


def _gauge(*labels: str) -> Metric:
    return Metric("gauge", labels)


METRICS: Mapping[str, Metric] = {
    OPERATION_DURATION: Metric("histogram", (OPERATION, PROVIDER, MODEL, ERROR), CALL_SECONDS),
    TOKEN_USAGE: Metric("histogram", (PROVIDER, MODEL, TOKEN_TYPE), TOKENS),
    REQUEST_DURATION: Metric("histogram", (OPERATION, AGENT, ERROR), RUN_SECONDS),
    RETRIES: _counter(MODEL, ERROR),
    RETRIED: _counter(MODEL, "outcome"),
    RUNGS: _counter(AGENT, "rung"),
    PROBED: _counter(AGENT, "rung"),
    RESCUES: _counter(AGENT, MODEL, ERROR),
    HEDGES: _counter(AGENT, MODEL, "outcome"),
    UNFINISHED: _counter(AGENT, MODEL),
    CACHED: _counter(AGENT),
    COST: _counter(AGENT, MODEL),
    REFUSED: _counter("code"),
    TENANT_TOKENS: _gauge("tenant", AGENT),
    TENANT_COST: _gauge("tenant", AGENT),
    TOOL_CALLS: _counter(TOOL, "outcome"),
    TOOL_RETRIES: _counter(TOOL),
    TOOL_DURATION: Metric("histogram", (TOOL,), CALL_SECONDS),
    CONTEXT: Metric("histogram", (AGENT, MODEL), RATIOS),
    TRIMS: _counter(AGENT, MODEL, "how"),
    MEMORY: _gauge(),
    CONVERSATIONS: _gauge(),
    LOOP_LAG: Metric("histogram", (), LAG_SECONDS),
    START_TIME: _gauge(),
    REQUESTS: _counter("end"),
    IN_FLIGHT: _gauge(),
    CIRCUIT: _gauge("kind", "endpoint", "profile"),
    QUEUE: _gauge(),
    EXPORT_LAG: _gauge(),
    UPTIME: _gauge(),
    CHECK: _gauge("layer", "check"),
    WORKER_UP: _gauge(),
    RELEASE: Metric("info", ("digest", "slot")),
    UP: _gauge(),
    SUPERVISOR_UP: _gauge(),
    DATABASE_UP: _gauge(),
    LIVE: Metric("info", ("slot", "release", "commit")),
    SWITCHES: _counter(),
    RESTARTS: _counter(),
    LOST_REQUESTS: _counter(),
    LEASE_HELD: _gauge(),
    QUARANTINED: _gauge(),
    HOTFIXES: _gauge(),
    LAST_SWITCH: _gauge(),
    LAST_COPY: _gauge(),
    LAST_PROOF: _gauge(),
    JOB_LATE: _gauge("job"),
    PATROL_STATE: _gauge("check", "kind"),
    PATROL_SECONDS: _gauge("check", "kind"),
    PATROL_RUN: _gauge(),
    OBJECTIVE_VALUE: _gauge("objective"),
    OBJECTIVE_BUDGET: _gauge("objective"),
}
"""By name; a counter without its `_total`."""

OF_ENVIRONMENT = frozenset(
    {
        *(UP, LIVE, SUPERVISOR_UP, DATABASE_UP, SWITCHES, RESTARTS, LOST_REQUESTS, LEASE_HELD, QUARANTINED, HOTFIXES),
        *(
            LAST_SWITCH,
            LAST_COPY,
            LAST_PROOF,
            JOB_LATE,
            PATROL_STATE,
            PATROL_SECONDS,
            PATROL_RUN,
            OBJECTIVE_VALUE,
            OBJECTIVE_BUDGET,
        ),
    }
)
"""Those that no slot has: of the environment as a whole, by its monitor."""

SERIES: Mapping[str, tuple[str, ...]] = {
    series: labels for name, metric in METRICS.items() for series, labels in metric.series(name).items()
}
"""Labels by the name of every series that is exported."""

COUNTED = frozenset(
    series
    for name, metric in METRICS.items()
    if metric.type in ("counter", "histogram")
    for series in metric.series(name)
)
"""Names of the series that only rise, so that what they rose by in some time can be told."""
