"""What a process counted that was drained and did not say so is found by a monitor that never saw it."""

import asyncio
from pathlib import Path

from mooring.operate.monitor.aggregate import Aggregate
from mooring.runtime.process import unix_http
from mooring.runtime.watch import last_figures
from mooring.targets.host.memory import Memory
from mooring.targets.local.draining import Draining
from mooring.targets.local.process import Process
from mooring.targets.local.totals import Totals

COUNTS = {"received": 5, "answered": 4, "failed": 0, "abandoned": 0, "in_flight": 1}
HEALTH = {"slot": "blue", "digest": f"sha256:{'a' * 64}", "pid": 2**30, "began": 7.0, "counts": COUNTS}


def test_its_counts_are_left_with_its_release_and_its_beginning(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    totals = Totals("blue", 1, Memory(state / "supervisor.json"))

    async def drains() -> None:
        server = await unix_http.serve(tmp_path / "door", {})
        draining = Draining(totals)
        line = await unix_http.Line.connect(tmp_path / "door")
        draining.see_off(line, Process(tmp_path / "door"), 2**30, HEALTH, 1)
        assert draining.counts == [COUNTS]
        await draining.all_gone()
        await asyncio.sleep(0)
        assert draining.counts == []
        server.close()

    asyncio.run(drains())
    assert totals.lost == 1
    monitor = Aggregate()
    for _path, figures in last_figures.left(state):
        monitor.end(figures, 0.0)
    found = {series[1][0][1]: value for series, value in monitor.totals().items()}
    assert (found["received"], found["answered"], found["lost"]) == (5, 4, 1)
