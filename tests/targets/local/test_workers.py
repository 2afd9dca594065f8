"""A slot of two workers: both accept, are switched at once, and each is replaced alone."""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout.state import Side, other
from mooring.runtime.process import unix_http
from mooring.targets.host import folders
from tests.targets.local.conftest import House, open_house

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


def of(release: Make, name: str, workers: int = 2) -> Release:
    return release(name, **{"environment.serving.workers": workers})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, release: Make) -> Iterator[House]:
    """A house with two workers in both slots."""
    opened = open_house(tmp_path_factory.mktemp("pair"), of(release, "one"))
    opened.deploy(of(release, "one"))
    opened.deploy(of(release, "two"))
    yield opened
    opened.local.down()
    opened.ledger.close()


def live(house: House) -> Any:
    return house.local.facts().slots[house.live]


def whole(house: House) -> Any:
    """The live slot, once all its workers accept."""
    return house.until(lambda: (slot := live(house)).ready and all(one.accepting for one in slot.workers) and slot)


def pids(house: House) -> list[int]:
    return [worker.pid for worker in live(house).workers]


def idle(house: House) -> Any:
    """The slot that has not the traffic."""
    return house.local.facts().slots[other(house.live)]


def asked(house: House, times: int) -> Counter[int]:
    """Which worker answered how often, of so many connections at once."""

    def once(_number: int) -> int:
        with urlopen(f"{house.url}/worker", timeout=20) as answer:
            return int(json.load(answer)["worker"])

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(once, range(times)))


def dead(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_both_workers_answer_and_the_slot_is_their_sum(pair: House) -> None:
    before = whole(pair)
    assert [worker.number for worker in before.workers] == [1, 2]
    assert len(set(pids(pair))) == 2
    assert before.rss == pytest.approx(sum(worker.rss for worker in before.workers), rel=0.1)
    answered = asked(pair, 400)
    assert set(answered) == {1, 2}
    assert live(pair).totals["answered"] - before.totals["answered"] == 400
    assert before.spare is None


def test_releases_of_other_numbers_of_workers_come_and_go_under_load(
    pair: House, release: Make, under_load: Any
) -> None:
    receipts: list[Any] = []

    def work() -> None:
        receipts.append(pair.deploy(of(release, "three workers", 3)))
        receipts.append(pair.deploy(of(release, "one worker", 1)))
        receipts.append(pair.rollback())
        receipts.append(pair.deploy(of(release, "two")))

    load = under_load(pair, work)
    assert load.errors == []
    assert {receipt.lost for receipt in receipts} == {0}
    assert sum(receipt.received for receipt in receipts) > 100
    assert len(whole(pair).workers) == 2
    assert len(pair.local.facts().slots[other(pair.live)].workers) == 3


@pytest.mark.parametrize("number", [1, 2])
def test_a_killed_worker_costs_its_own_requests_and_is_replaced_alone(pair: House, number: int) -> None:
    before, cut = whole(pair), list[BaseException]()

    def ask() -> None:
        try:
            pair.ask(sleep=4)
        except OSError as error:
            cut.append(error)

    clients = [threading.Thread(target=ask) for _ in range(12)]
    for client in clients:
        client.start()
    pair.until(lambda: live(pair).in_flight == 12)
    held = {worker.number: worker.in_flight for worker in live(pair).workers}
    os.kill(before.workers[number - 1].pid, signal.SIGKILL)
    assert pair.ask()["digest"] == before.digest  # the other worker accepts meanwhile
    for client in clients:
        client.join(15)
    after = whole(pair)
    kept, replaced = (number == 2, number == 1)
    assert (after.workers[0].pid == before.workers[0].pid, after.workers[1].pid == before.workers[1].pid) == (
        kept,
        replaced,
    )
    assert len(cut) == held[number]
    assert after.totals["lost"] - before.totals["lost"] == held[number]
    assert after.totals["answered"] - before.totals["answered"] == 12 - held[number] + 1
    assert [worker.restarts for worker in after.workers][number - 1] >= 1
    assert after.in_flight == 0


@pytest.mark.parametrize("number", [1, 2])
def test_no_new_request_waits_for_a_killed_worker(pair: House, number: int) -> None:
    killed, url = whole(pair).workers[number - 1].pid, pair.url
    os.kill(killed, signal.SIGKILL)
    answered, waits, end = Counter[int](), list[float](), time.monotonic() + 1.5
    while time.monotonic() < end:
        began = time.monotonic()
        with urlopen(f"{url}/worker", timeout=20) as answer:
            answered[json.load(answer)["pid"]] += 1
        waits.append(time.monotonic() - began)
    assert max(waits) < 1
    assert killed not in answered
    whole(pair)


def test_the_receipt_is_right_when_workers_are_replaced_during_the_rollout(
    pair: House, release: Make, under_load: Any
) -> None:
    before, full, receipts = whole(pair).digest, dict[str, Any](), list[Any]()
    long = release("long", **{"environment.serving.workers": 2, "environment.rollout.bakeSeconds": 4})

    def replace() -> None:
        pair.until(lambda: live(pair).digest == long.digest)
        full.update(pair.get("/fill"))
        pair.until(lambda: full["pid"] not in pids(pair))

    def work() -> None:
        with ThreadPoolExecutor(1) as pool:
            replaced = pool.submit(replace)
            receipts.append(pair.deploy(long))
            replaced.result()

    load = under_load(pair, work)
    assert load.errors == []
    assert full["digest"] == long.digest
    assert (receipts[0].lost, receipts[0].kind, receipts[0].failed) == (0, "deploy", 0)
    assert 100 < receipts[0].received <= len(load.answers) + 1 + load.clients
    pair.rollback()
    assert whole(pair).digest == before


def replaced(house: House, number: int, pid: int) -> None:
    """Waits until another process is this worker."""
    house.until(lambda: pids(house)[number - 1] not in (pid, None))


def test_a_spare_process_takes_the_place_of_the_first_worker_and_of_no_other(tmp_path: Path, release: Make) -> None:
    spared = release("spared", **{"environment.serving.workers": 2, "environment.serving.spare": True})
    house = open_house(tmp_path, spared)
    try:
        house.deploy(spared)
        for number in (1, 2):
            house.until(lambda: live(house).spare == "ready")
            before = [worker.pid for worker in whole(house).workers]
            os.kill(before[number - 1], signal.SIGKILL)
            assert house.ask()["digest"] == spared.digest
            replaced(house, number, before[number - 1])
            assert pids(house)[2 - number] == before[2 - number]
            whole(house)
        said = "\n".join(house.local.logs("supervisor", 50))
        assert f"{house.live}: its spare process" in said
        assert f"{house.live}-2: its spare process" not in said
    finally:
        house.local.down()
        house.ledger.close()


def test_the_log_of_a_slot_says_which_worker_wrote_a_line(pair: House) -> None:
    whole(pair)
    lines = [json.loads(line) for line in pair.local.logs(pair.live, 200) if line.startswith("{")]
    assert {line.get("worker") for line in lines if line["event"] == "ready"} >= {1, 2}


def test_the_next_supervisor_adopts_both_workers(pair: House, under_load: Any) -> None:
    whole(pair)
    before = pids(pair)

    def work() -> None:
        pair.kill("supervisor")
        pair.local.ensure()

    assert under_load(pair, work).errors == []
    whole(pair)
    assert pids(pair) == before


def test_the_socket_is_taken_back_from_any_worker_that_lives(pair: House) -> None:
    whole(pair)
    url, (first, second) = pair.url, pids(pair)
    standby = [worker.pid for worker in idle(pair).workers]
    pair.kill("supervisor")
    for pid in (first, *standby):
        os.kill(pid, signal.SIGKILL)
    pair.local.ensure()
    assert pair.url == url
    after = whole(pair)
    assert (after.workers[0].pid != first, after.workers[1].pid) == (True, second)
    pair.until(lambda: idle(pair).ready)


def test_a_restart_replaces_every_worker_and_loses_nothing(pair: House, under_load: Any) -> None:
    whole(pair)
    before = pids(pair)

    def work() -> None:
        pair.local.restart()
        pair.until(lambda: not set(before) & set(pids(pair)))
        whole(pair)

    assert under_load(pair, work).errors == []
    pair.until(lambda: all(map(dead, before)))


def test_a_switch_that_one_worker_does_not_follow_changes_nothing(pair: House, release: Make) -> None:
    whole(pair)
    standby = pair.until(lambda: (slot := idle(pair)).ready and slot)
    serving, name, stuck = pair.live, other(pair.live), standby.workers[-1].pid
    os.kill(stuck, signal.SIGSTOP)
    try:
        with pytest.raises(Refused, match="does not answer") as refused:
            pair.local.switch(Side(name, standby.digest), 1000)
    finally:
        os.kill(stuck, signal.SIGCONT)
    assert refused.value.reason is Reason.NOT_READY
    assert pair.live == serving
    pair.until(lambda: not any(worker.accepting for worker in idle(pair).workers))
    assert all(pair.ask()["slot"] == serving for _ in range(20))


def test_a_slot_is_ready_when_its_last_worker_is(pair: House) -> None:
    whole(pair)
    standby = pair.until(lambda: (slot := idle(pair)).ready and slot)
    os.kill(standby.workers[-1].pid, signal.SIGKILL)
    seen = pair.until(lambda: not (slot := idle(pair)).ready and slot)
    assert seen.workers[0].ready
    pair.until(lambda: idle(pair).ready)


def test_every_worker_ends_with_its_environment(pair: House) -> None:
    processes = [*pids(pair), *(worker.pid for worker in idle(pair).workers)]
    assert len(processes) >= 4
    pair.kill("supervisor")
    assert pair.local.down()
    assert all(map(dead, processes))
    for door in folders.admins(pair.local.state):
        with pytest.raises(OSError, match=r"refused|No such"):
            unix_http.call(door, "GET /health")


def test_a_killed_worker_makes_no_new_request_wait(tmp_path_factory: pytest.TempPathFactory, release: Make) -> None:
    """It takes longer to start again than any request may wait: the other worker answers meanwhile."""
    opened = open_house(tmp_path_factory.mktemp("killed"), of(release, "late one"))
    try:
        opened.deploy(of(release, "late one"))
        waits, killed_at, back = _asked_around_a_kill(opened)
        after = [took for began, took in waits if began > killed_at]
        assert len(after) > 20
        assert back > 2
        assert max(after) < 1.0, max(after)
    finally:
        opened.local.down()
        opened.ledger.close()


def _asked_around_a_kill(house: House) -> tuple[list[tuple[float, float]], float, float]:
    """(when it began, seconds) of each answered request, when a worker was killed, and how long it was gone."""
    killed, waits, over = whole(house).workers[0].pid, list[tuple[float, float]](), threading.Event()

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            with suppress(OSError, ValueError):
                house.ask(sleep=0.01)
                waits.append((began, time.monotonic() - began))

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(ask) for _ in range(4)]
        time.sleep(0.3)
        os.kill(killed, signal.SIGKILL)
        at = time.monotonic()
        house.until(lambda: live(house).workers[0].pid not in (killed, None))
        whole(house)
        over.set()
        back = time.monotonic() - at
        for client in clients:
            client.result()
    return waits, at, back
