"""What is read before and after: of PostgreSQL, of its processes, of the worker and of what the worker says itself."""

import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from mooring import metrics
from tests.bench.scaling.served import Served
from tests.postgres import Cluster

PRELOADED = "shared_preload_libraries=pg_stat_statements"

_STATEMENTS = "select coalesce(sum(calls), 0) from pg_stat_statements where query not like '%%pg_stat%%'"
_WRITTEN = """
select tup_inserted + tup_updated + tup_deleted, xact_commit from pg_stat_database where datname = current_database()
"""
_WAL = "select pg_current_wal_lsn() - '0/0'"
_SIZE = "select coalesce(sum(pg_total_relation_size(relid)), 0) from pg_stat_user_tables where relname = %s"
_ROWS = "select coalesce(sum(n_live_tup), 0) from pg_stat_user_tables where relname = %s"
_CLIENTS = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid != pg_backend_pid()"

KEPT = ("parts", "runs", "turns", "conversations")
"""Tables that grow with each run; what is in the others is deleted at its end, or is a row for each day."""


@dataclass(frozen=True)
class Reading:
    """Sums since the beginning: seconds of processor time, bytes, and counts."""

    worker: float
    database: float
    statements: float
    rows: float
    commits: float
    wal: float
    tool_calls: float

    def since(self, other: "Reading") -> "Reading":
        return Reading(*(now - was for now, was in zip(self.values, other.values, strict=True)))

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(asdict(self).values())


class Meters:
    """Of one database and one worker; its own connection is not counted among those of clients."""

    def __init__(self, cluster: Cluster, database: str, served: Served) -> None:
        self._cluster, self._served = cluster, served
        self._db = psycopg.connect(database, autocommit=True)
        self._db.execute("create extension if not exists pg_stat_statements")

    def close(self) -> None:
        self._db.close()

    def read(self) -> Reading:
        rows, commits = self._row(_WRITTEN)
        return Reading(
            self._served.spent,
            self._spent(),
            self._number(_STATEMENTS),
            rows,
            commits,
            self._number(_WAL),
            sum(sample.value for sample in _samples(self._served) if sample.name == f"{metrics.TOOL_CALLS}_total"),
        )

    def models(self) -> dict[str, tuple[float, float, float]]:
        """By the name that a vendor has for a model: calls, tokens in and tokens out since the beginning."""
        found: dict[str, tuple[float, float, float]] = {}
        for sample in _samples(self._served):
            counts = sample.name == f"{metrics.OPERATION_DURATION}_count"
            direction = sample.labels.get(metrics.TOKEN_TYPE) if sample.name == f"{metrics.TOKEN_USAGE}_sum" else None
            added = [sample.value * yes for yes in (counts, direction == "input", direction == "output")]
            if any(added):
                calls, asked, said = found.get(sample.labels[metrics.MODEL], (0.0, 0.0, 0.0))
                found[sample.labels[metrics.MODEL]] = calls + added[0], asked + added[1], said + added[2]
        return found

    def vacuum(self) -> None:
        """So that space of what was deleted is used again, as it is after hours, and counts are right."""
        self._db.execute("vacuum analyze")

    def kept(self) -> dict[str, tuple[int, int]]:
        """Bytes and rows of each table in KEPT, with indexes."""
        return {name: (int(self._number(_SIZE, name)), int(self._number(_ROWS, name))) for name in KEPT}

    def clients(self) -> int:
        """Connections of the worker."""
        return int(self._number(_CLIENTS))

    def version(self) -> str:
        return str(self._row("show server_version")[0]).split()[0]

    def _spent(self) -> float:
        times = [each.cpu_times() for each in self._cluster.processes() if each.is_running()]
        return sum(each.user + each.system for each in times)

    def _row(self, query: Any, *values: str) -> tuple[Any, ...]:
        return self._db.execute(query, values).fetchone() or ()

    def _number(self, query: Any, *values: str) -> float:
        return float(self._row(query, *values)[0])


def _samples(served: Served) -> list[Sample]:
    with urllib.request.urlopen(served.url.partition("/v1/")[0] + "/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def machine() -> str:
    """Its processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = psutil.virtual_memory().total / 2**30
    return f"{names[0] if names else 'unknown processor'}, {psutil.cpu_count()} cores, {memory:.0f} GiB"
