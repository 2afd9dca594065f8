"""What watching costs: a scrape of an environment with 20 agents and 40 tools, and the data of its status page.

`python -m tests.bench.bench_monitor supervisor OPTIONS` and `... slot OPTIONS` are Mooring's own processes, with a slot
that counts as if 20 agents had used 40 tools.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.runtime.core.settings import Settings
from mooring.runtime.watch.telemetry import CHAT, INVOKE_AGENT, Metrics
from mooring.state.place.location import Location
from mooring.targets.local.target import Local
from tests.bench.row import Row
from tests.repository import CONTENT

ROOT = Path(__file__).parents[2]
AGENTS, TOOLS, MODELS = 20, 40, ("primary-1", "alternate-1")
TIMES, PAUSE = 20, 0.6
"""How often it is asked, and seconds in between: so long that the monitor asks all processes again."""

MOST_SECONDS, MOST_STATUS_SECONDS, MOST_BYTES = 0.020, 0.050, 200_000


def run() -> list[Row]:
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "scripts"), str(ROOT)))
    with tempfile.TemporaryDirectory() as folder:
        release = _release()
        supervisor = (sys.executable, "-m", "tests.bench.bench_monitor", "supervisor")
        local = Local(CONTENT, release.content.environment, Path(folder) / "state", supervisor)
        local.ensure()
        try:
            ledger = Ledger(Location(local.state, "local"))
            driver.deploy(local, ledger, driver.Request(release, "bench"), lambda _line: None)
            ledger.close()
            return _rows(str(local.status().monitor).removeprefix("http://"))
        finally:
            local.down()


def _rows(where: str) -> list[Row]:
    _until_answered(where)
    scrapes, sent = _asked(where, "/metrics", {"Accept-Encoding": "gzip"})
    plain, size = _asked(where, "/metrics", {})
    status, told = _asked(where, "/status.json", {})
    rival = _client_library()
    return [
        _row(f"scrape of {AGENTS} agents and {TOOLS} tools, median", scrapes, MOST_SECONDS, rival),
        Row(
            "the same as Prometheus asks for it",
            f"{sent / 1000:.0f} kB",
            f"{size / 1000:.0f} kB uncompressed",
            sent / size,
            f"< {MOST_BYTES / 1000:.0f} kB",
            sent < MOST_BYTES,
        ),
        Row("the same uncompressed, median", f"{statistics.median(plain) * 1000:.1f} ms"),
        _row(f"data of the status page ({told / 1000:.0f} kB), median", status, MOST_STATUS_SECONDS),
    ]


def _row(what: str, took: list[float], limit: float, rival: float | None = None) -> Row:
    median = statistics.median(took)
    return Row(
        what,
        f"{median * 1000:.1f} ms",
        f"{rival * 1000:.1f} ms to write one process's by the client library" if rival else "",
        median / rival if rival else None,
        f"< {limit * 1000:.0f} ms",
        median < limit,
    )


def _asked(where: str, path: str, headers: dict[str, str]) -> tuple[list[float], int]:
    """Seconds of each answer, and bytes of the last."""
    took, size = [], 0
    for _ in range(TIMES):
        time.sleep(PAUSE)
        started = time.perf_counter()
        connection = HTTPConnection(where, timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        size = len(answer.read())
        took.append(time.perf_counter() - started)
        assert answer.status == 200, answer.status
        connection.close()
    return took, size


def _until_answered(where: str) -> None:
    """The socket is there before the monitor is."""
    connection = HTTPConnection(where, timeout=60)
    connection.request("GET", "/metrics")
    connection.getresponse().read()
    connection.close()


def _client_library() -> float:
    """Median seconds in which the client library writes what one process counted."""
    metrics, took = Metrics(), []
    fill(metrics)
    for _ in range(TIMES):
        started = time.perf_counter()
        metrics.text()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def fill(metrics: Metrics) -> None:
    """As if every agent had used both models, and every tool had been called."""
    for number in range(AGENTS):
        agent = f"agent-{number:02}"
        metrics.runs.labels(INVOKE_AGENT, agent, "").observe(1.2)
        for rung in ("L0", "L1"):
            metrics.rungs.labels(agent, rung).inc()
        for model in MODELS:
            metrics.context.labels(agent, model).observe(0.3)
            metrics.cost.labels(agent, model).inc(0.01)
    for number in range(TOOLS):
        tool = f"desk/tool-{number:02}"
        metrics.tool_seconds.labels(tool).observe(0.2)
        for outcome in ("ok", "failed"):
            metrics.tool_calls.labels(tool, outcome).inc()
    for model in MODELS:
        metrics.operations.labels(CHAT, "openai", model, "").observe(0.8)
        for kind in ("input", "output"):
            metrics.tokens.labels("openai", model, kind).observe(700)


def _release() -> Release:
    catalog, _findings = load(WorkTree(CONTENT))
    original = resolve(catalog, "local").content
    data = original.model_dump(mode="json")
    data["environment"]["target"]["listen"] = "127.0.0.1:0"
    data["environment"]["rollout"]["bakeSeconds"] = 0
    return Release.of(type(original).model_validate(data))


def _filled(release: Release, settings: Settings) -> Any:
    from mooring.runtime.door.app import create_app

    app = create_app(release, settings)
    fill(app.state.runtime.metrics)
    return app


def main(argv: list[str]) -> int:
    """Runs until told to end."""
    if argv[0] == "slot":
        from mooring.runtime.process.__main__ import main as serve_slot

        build: Callable[[Release, Settings], Any] = _filled
        return serve_slot(argv[1:], build)
    from mooring.targets.local import supervisor

    command = (sys.executable, "-m", "tests.bench.bench_monitor", "slot")
    return supervisor.main(argv[1:], supervisor.Commands(slot=command))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
