"""What one look after the other finds behind real doors, and what it makes of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring import metrics as names
from mooring.operate.monitor.collect import collect
from mooring.operate.monitor.families import serving
from mooring.operate.monitor.monitor import FRESH, Monitor
from mooring.operate.monitor.sampler import Sampler
from mooring.operate.records import Records
from mooring.operate.samples import RISES, TICKS
from mooring.runtime.process import unix_http
from mooring.runtime.watch import last_figures

DIGEST = f"sha256:{'a' * 64}"
COUNTS = {"received": 3, "answered": 2, "failed": 1, "abandoned": 0, "in_flight": 0}
SEEN, UP = (f"{names.UP}{TICKS}", ()), (f"{names.UP}{RISES}", ())


class Sources:
    def status(self) -> dict[str, Any]:
        return {}

    def objectives(self) -> list[dict[str, Any]]:
        return []


class Slot:
    """What a worker says at its door; of the version before when it is `old`."""

    def __init__(self, old: bool = False) -> None:
        self.ready, self.old = True, old

    def routes(self) -> Mapping[str, unix_http.Handler]:
        health = {"slot": "blue", "digest": DIGEST, "pid": os.getpid(), "accepting": True, "counts": COUNTS}
        if self.old:
            return {"GET /health": lambda _body: {**health, "ready": self.ready, "reasons": [], "rss": 1}}
        more = {"worker": 1, "began": 1.0, "families": []}
        return {"GET /figures": lambda _body: {**health, **more, "ready": self.ready}}


@pytest.fixture
def doors(tmp_path: Path) -> Path:
    folder = tmp_path / "doors"
    folder.mkdir()
    return folder


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(tmp_path: Path, doors: Path, clock: Clock) -> Monitor:
    (tmp_path / "state").mkdir()
    records = Records(tmp_path, tmp_path / "state", "local", {})
    return Monitor(doors, records, Sampler(records, "this", lambda: None), Sources(), clock)


def behind(doors: Path, slot: Slot, work: Callable[[], Awaitable[None]], name: str = "blue") -> None:
    """Does something while a slot answers."""

    async def served() -> None:
        (doors / f"{name}.fd").touch()
        server = await unix_http.serve(doors / name, slot.routes())
        try:
            await work()
        finally:
            server.close()

    asyncio.run(served())


def sums(monitor: Monitor) -> dict[Any, float]:
    return monitor._aggregate.totals()


def test_a_look_that_cannot_be_kept_knows_who_answered(doors: Path, tmp_path: Path, monitor: Monitor) -> None:
    (tmp_path / "state").rmdir()
    (tmp_path / "state").touch()

    async def look() -> None:
        with pytest.raises(NotADirectoryError):
            await monitor.look()

    behind(doors, Slot(), look)
    answered = monitor.anybody
    asyncio.run(look())
    assert (answered, monitor.anybody) == (True, False)


@pytest.mark.parametrize(("name", "worker"), [("blue", 1), ("blue-2", 2), ("blue~", 1), ("blue-3~", 3)])
def test_a_worker_of_the_version_before_serves_and_counts(
    doors: Path, monitor: Monitor, name: str, worker: int
) -> None:
    async def look() -> None:
        live = serving(await collect(doors))
        assert live
        assert (live["worker"], live["digest"], live["families"]) == (worker, DIGEST, [])
        said = await monitor.metrics()
        assert "\nmooring_up 1\n" in said
        assert f'mooring_requests_total{{slot="blue",release="{"a" * 12}",end="received"}} 3' in said
        assert (await collect(doors)).workers[name] == live, "it is the same process at every look"

    behind(doors, Slot(old=True), look, name)


def test_a_worker_whose_figures_fail_is_not_taken_for_one_of_the_version_before(doors: Path) -> None:
    class Broken(Slot):
        def routes(self) -> Mapping[str, unix_http.Handler]:
            return {**Slot(old=True).routes(), "GET /figures": lambda body: body["missing"]}

    async def look() -> None:
        assert (await collect(doors)).workers == {"blue": None}, "or its counters would fall"

    behind(doors, Broken(), look)


@pytest.mark.slow
def test_uptime_is_time_however_often_somebody_asks(doors: Path, monitor: Monitor, clock: Clock) -> None:
    slot = Slot()

    async def looks() -> None:
        for up, seconds, times in ((True, 5.0, 12), (False, FRESH + 0.1, 20)):
            slot.ready = up
            for _ in range(times):
                clock.now += seconds
                await monitor.look()

    behind(doors, slot, looks)
    assert sums(monitor)[SEEN] == pytest.approx(60 + 12)
    assert sums(monitor)[UP] == pytest.approx(60)


def test_of_time_in_which_nobody_looked_nothing_is_known(doors: Path, monitor: Monitor, clock: Clock) -> None:

    async def looks() -> None:
        for seconds in (5.0, 5.0, 3600.0):
            clock.now += seconds
            await monitor.look()

    behind(doors, Slot(), looks)
    assert sums(monitor)[SEEN] < 30


def test_a_file_that_says_nothing_of_use_is_put_aside_and_the_others_are_counted(
    tmp_path: Path, monitor: Monitor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state"
    whole = {"slot": "blue", "digest": DIGEST, "pid": 2**30, "began": 5.0, "counts": COUNTS}
    family = {"name": "mooring_x", "type": "counter", "what": "X.", "samples": [["mooring_x_total", {}, 1]]}
    wrong: list[dict[str, Any]] = [
        {name: value for name, value in whole.items() if name != "pid"},
        {name: value for name, value in whole.items() if name != "slot"},
        {**whole, "families": [{name: value for name, value in family.items() if name != "type"}]},
        {**whole, "families": [{**family, "samples": [["mooring_x_total", {}, "1"]]}]},
        {**whole, "families": [{**family, "samples": [["mooring_x_total", 1]]}]},
        {**whole, "families": [family], "began": None},
        {**whole, "pid": "7"},
        {**whole, "counts": {"received": "3"}},
        {**whole, "counts": None},
    ]
    for figures in (*wrong, {**whole, "families": [family]}):
        last_figures.leave(state, figures)
    folder = state / last_figures.FOLDER
    for number, text in enumerate((b"{", b"[1]", b"\xff", b"7")):
        (folder / f"0{number}.json").write_bytes(text)

    async def look() -> None:
        for _ in range(2):
            await monitor.look()
            clock.now += 1

    asyncio.run(look())
    assert sums(monitor)["mooring_x_total", ()] == 1
    assert sums(monitor)["mooring_requests_total", (("end", "received"),)] == 3
    assert not list(folder.glob("*.json"))
    assert len(list(folder.glob("*.unusable"))) == len(wrong) + 4
    assert len([one for one in caplog.messages if "says nothing of use" in one]) == len(wrong) + 4
