"""What a patrol found, as a file for the textfile collector of Prometheus' node exporter.

https://github.com/prometheus/node_exporter#textfile-collector
"""

from collections.abc import Sequence
from pathlib import Path

from mooring.errors import Failed
from mooring.metrics import PATROL_RUN, PATROL_SECONDS, PATROL_STATE
from mooring.operate.patrol.figures import HELP, STATES
from mooring.outcome import Reason
from mooring.state.records.patrols import Patrolled

ENVIRONMENT = "environment"


def write(path: Path, environment: str, rows: Sequence[Patrolled], now: float) -> None:
    """Replaces the file, whole or not at all. Series say the environment: a machine may have several such files.

    Raises Failed(STORAGE).
    """
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()
    state, seconds = (
        Gauge(name, HELP[name], (ENVIRONMENT, "check", "kind"), registry=registry)
        for name in (PATROL_STATE, PATROL_SECONDS)
    )
    for row in rows:
        state.labels(environment, row.check, row.kind).set(STATES[row.state])
        seconds.labels(environment, row.check, row.kind).set(row.seconds)
    Gauge(PATROL_RUN, HELP[PATROL_RUN], (ENVIRONMENT,), registry=registry).labels(environment).set(now)
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise Failed(
            Reason.STORAGE, f"cannot write {path}: {error.strerror}", "name a file in a folder that is there"
        ) from None
