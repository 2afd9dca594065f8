"""Two workers of one slot know of each other through their doors: metrics, health, runs and limits are the slot's."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.process import admin, unix_http
from mooring.runtime.process.connect import connect
from mooring.runtime.process.handover import Handover
from mooring.runtime.process.siblings import name_of
from mooring.runtime.process.slot import Options, Slot
from tests.runtime.door.access.conftest import Gated, bearer, keys_of, with_access
from tests.runtime.hosting import Serving

pytestmark = pytest.mark.slow


class Worker(Gated):
    """An app with its admin door, in a thread."""

    def __init__(self, release: Release, settings: Settings, doors: Path) -> None:
        super().__init__(Serving(create_app(release, settings)).start(), keys_of(settings.state))
        self.settings, self._release, self._doors = settings, release, doors
        asyncio.run_coroutine_threadsafe(self._open(), self.serving.loop).result(10)

    async def _open(self) -> None:
        s = self.settings
        door = self._doors / name_of(s.slot, s.worker)
        options = Options(s.slot, Path(f"{self._release.digest}.json"), -1, door, s.state, s.worker, s.workers)
        slot = Slot(options, lambda *_: None)
        acceptor: Any = SimpleNamespace(accepting=True)
        slot.runtime, slot.serving = self.serving.runtime, SimpleNamespace(acceptor=acceptor)  # type: ignore[assignment]
        connect(self.serving.runtime, slot.siblings, lambda: True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        Handover(door.with_suffix(".fd"), self._listening)
        self._server = await unix_http.serve(door, admin.routes(slot))

    def close_door(self) -> None:
        """Others find nobody there."""
        self.serving.loop.call_soon_threadsafe(self._server.close)
        (self._doors / name_of(self.settings.slot, self.settings.worker)).unlink(missing_ok=True)

    def end(self) -> None:
        self.close_door()
        self.serving.stop()
        self._listening.close()


Pair = Callable[..., list[Worker]]


@pytest.fixture
def pair(stub: Any, build: Callable[..., Release], tmp_path: Path) -> Iterator[Pair]:
    """Makes two workers of one slot; its tenants and limits are arguments."""
    open_ones: list[Worker] = []
    doors = tmp_path / "d"
    doors.mkdir()

    def start(access: dict[str, Any] | None = None, serving: dict[str, Any] | None = None) -> list[Worker]:
        release = with_access(build(), access or {}, serving)
        for worker in (1, 2):
            settings = Settings("blue", tmp_path / "state", stub.url, {}, worker=worker, workers=2)
            open_ones.append(Worker(release, settings, doors))
        return open_ones

    yield start
    for one in open_ones:
        one.end()


def samples(worker: Worker, key: str, name: str) -> dict[str, float]:
    """The values of a series with `end="answered"`, or without labels, by worker."""
    text = worker.get("/metrics", key).text
    return {
        sample.labels["worker"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.labels.get("end", "answered") == "answered"
    }


def test_any_worker_answers_with_the_metrics_of_all(pair: Pair) -> None:
    first, second = pair()
    caller, operator = first.key(), first.key(None, role="operator")
    for worker, times in ((first, 2), (second, 3)):
        for _ in range(times):
            worker.chat(caller).raise_for_status()
    first.serving.settled(), second.serving.settled()
    for asked in (first, second):
        assert samples(asked, operator, "mooring_requests_total") == {"1": 2, "2": 3}
        assert samples(asked, operator, "mooring_worker_up") == {"1": 1, "2": 1}
        text = asked.get("/metrics", operator).text
        assert text.count("# TYPE mooring_requests_total counter") == 1
        shared = [line for line in text.splitlines() if line.startswith("mooring_tenant_tokens_today{")]
        assert all("worker=" not in line for line in shared)
        assert len(shared) == len(set(shared)) > 0
        assert text.count("\nmooring_queue_depth ") <= 1


def test_a_worker_that_does_not_answer_is_missed_in_metrics_and_health(pair: Pair) -> None:
    first, second = pair()
    operator = first.key(None, role="operator")
    checks = "/healthz?verbose&exclude=dependencies"
    assert "[+]process/worker-2 ok" in first.get(checks, operator).text
    assert "[+]process/worker-1 ok" in second.get(checks, operator).text
    second.close_door()
    time.sleep(1.1)
    answer = first.get(checks, operator)
    assert (answer.status_code, "[-]process/worker-2 failed: it does not answer" in answer.text) == (503, True)
    assert samples(first, operator, "mooring_worker_up") == {"1": 1, "2": 0}


def test_what_a_check_of_one_worker_says_is_said_by_the_other(pair: Pair) -> None:
    first, second = pair()
    operator = first.key(None, role="operator")
    second.serving.runtime._reasons.append("out of order")
    answer = first.get("/healthz/process/worker-2", operator)
    assert answer.status_code == 503
    assert "runtime/release" in answer.text


def test_a_run_is_read_and_cancelled_at_a_worker_that_has_it_not(pair: Pair, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply("slow", delay=10))
    first, second = pair()
    key = first.key()
    body = {"model": "support", "input": "hi", "background": True}
    begun = first.serving.http.post("/v1/responses", json=body, headers=bearer(key))
    assert begun.status_code == 200, begun.text
    path = f"/v1/responses/{begun.json()['id']}"
    assert second.get(path, key).json()["status"] in ("queued", "in_progress")
    stranger = first.key("bank")
    assert second.post(f"{path}/cancel", stranger).status_code == 404
    started = time.monotonic()
    assert second.post(f"{path}/cancel", key).json()["status"] == "cancelled"
    assert time.monotonic() - started < 5
    assert first.get(path, key).json()["status"] == "cancelled"


def test_requests_a_minute_are_counted_over_all_workers(pair: Pair) -> None:
    workers = pair({"tenants": [{"name": "shop", "limits": {"requestsPerMinute": 6}}, {"name": "bank"}]})
    key = workers[0].key()
    statuses = [workers[number % 2].chat(key).status_code for number in range(10)]
    assert statuses[:6] == [200] * 6
    assert set(statuses[6:]) == {429}


def test_one_worker_alone_may_use_the_whole_limit(pair: Pair) -> None:
    first, _second = pair({"tenants": [{"name": "shop", "limits": {"requestsPerMinute": 6}}, {"name": "bank"}]})
    key = first.key()
    assert [first.chat(key).status_code for _ in range(7)] == [200] * 6 + [429]


def test_requests_at_once_are_counted_over_all_workers(pair: Pair, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply("slow", delay=0.8))
    workers = pair({"tenants": [{"name": "shop", "limits": {"concurrent": 3}}, {"name": "bank"}]})
    key = workers[0].key()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: workers[number % 2].chat(key).status_code, range(8)))
    assert sorted(statuses) == [200] * 3 + [429] * 5
    stub.script("primary-1", reply("quick"))
    assert workers[1].chat(key).status_code == 200


def test_what_a_slot_takes_on_is_counted_over_all_workers(pair: Pair, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply("slow", delay=0.8))
    workers = pair({"tenants": [{"name": "shop", "limits": {"concurrent": 100}}]}, serving={"maxInFlight": 4})
    key = workers[0].key()
    with ThreadPoolExecutor(9) as pool:
        most = [pool.submit(workers[0].chat, key) for _ in range(3)]
        until(lambda: workers[0].serving.runtime.accounting.in_flight == 3)
        more = list(pool.map(lambda _: workers[1].chat(key).status_code, range(6)))
        assert [answer.result().status_code for answer in most] == [200] * 3
    assert sorted(more) == [200] + [429] * 5
    stub.script("primary-1", reply("quick"))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: workers[1].chat(key).status_code, range(4))) == [200] * 4


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
