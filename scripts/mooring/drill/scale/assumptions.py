"""What is neither measured nor computed: sizes, prices and times that a reader may replace by their own."""

from dataclasses import dataclass
from math import exp

from mooring.drill.scale.figures import Mode
from mooring.drill.world import MEDIAN_SECONDS, SLOW_SHARE, SLOW_TIMES, SPREAD
from mooring.spec.environment import Serving

MONTH_MINUTES = 30 * 24 * 60
MONTH_HOURS = 30 * 24.0


@dataclass(frozen=True)
class Prices:
    """US dollars: for the hour of a core of a pod and of a core of PostgreSQL, and for a GB a month."""

    core_hour: float = 0.04
    database_core_hour: float = 0.10
    gigabyte_month: float = 0.12


@dataclass(frozen=True)
class Quota:
    """What a vendor allows a minute; None: as much as is needed, and `HEADROOM` on top."""

    requests: float | None = None
    tokens: float | None = None


@dataclass(frozen=True)
class Assumptions:
    """Rates are 0..1 of a core; sizes are of one pod, of one PostgreSQL server, of one process.

    `busy` is how much of a core is planned for: what is left is for bursts, and for growth until further pods serve.
    `lag_seconds` pass from the growth to their readiness. `quota_headroom` is what a quota has beyond the mean, for
    tries again, hedges and bursts. `most_waiting` are seconds that 1 of 100 requests may wait in our own queues.
    """

    mode: Mode = "durable"
    pod_workers: int = 2
    fewest_pods: int = 2
    warm_pods: int = 1
    busy: float = 0.6
    in_flight: int = Serving().max_in_flight
    lag_seconds: float = 60.0
    tool_seconds: float = 0.2
    database_cores: int = 16
    database_connections: int = 400
    wal_megabytes: float = 200.0
    quota_headroom: float = 1.25
    run_days: float = 7.0
    conversation_days: float = 90.0
    table_gigabytes: float = 100.0
    lock_seconds: float = 2.0
    late_seconds: float = 30.0
    most_waiting: float = 1.0
    prices: Prices = Prices()
    quota: Quota = Quota()

    @property
    def model_seconds(self) -> float:
        """Mean time of one call of a model."""
        return MEDIAN_SECONDS * exp(SPREAD**2 / 2) * (1 + SLOW_SHARE * (SLOW_TIMES - 1))
