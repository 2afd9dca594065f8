"""The supervisor can die, be started twice or find its place taken; slots go on serving."""

import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout.state import Side, other
from mooring.targets.host import folders
from mooring.targets.local.target import Local
from tests.targets.local.conftest import open_house

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


def test_a_killed_supervisor_is_succeeded_without_an_error_to_anyone(shared: Any, under_load: Any) -> None:
    before, url = shared.local.facts(), shared.url

    def work() -> None:
        shared.kill("supervisor")
        time.sleep(0.2)
        assert shared.local.status().running is False
        shared.local.ensure()

    load = under_load(shared, work)
    assert load.errors == []
    assert len(load.answers) > 50
    after = shared.local.facts()
    assert shared.url == url
    assert after.live == before.live
    assert [slot.pid for slot in after.slots.values()] == [slot.pid for slot in before.slots.values()]


def test_one_that_is_about_to_be_gone_answers_nobody_and_is_succeeded(
    tmp_path: Path, release: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_LINGERS", "8")
    house = open_house(tmp_path, release("one"))
    before = house.local.status().supervisor
    house.local.down()
    house.local.ensure()
    assert house.local.status().supervisor not in (None, before)
    house.local.down()
    house.ledger.close()


@pytest.mark.parametrize("which", ["live", "idle"])
def test_a_killed_slot_comes_back_with_its_release_and_its_part(shared: Any, which: str) -> None:
    live = shared.local.facts().live
    name = live.slot if which == "live" else other(live.slot)
    digest, pid = shared.local.facts().slots[name].digest, shared.kill(name)
    shared.until(lambda: (slot := shared.local.facts().slots[name]).ready and slot.pid != pid)
    shared.until(lambda: shared.local.facts().slots[name].accepting == (which == "live"))
    assert shared.local.facts().slots[name].digest == digest
    assert shared.local.facts().slots[name].restarts >= 1
    assert shared.ask() == {"slot": live.slot, "digest": live.digest}


def test_a_slot_of_a_killed_supervisor_that_dies_is_started_by_the_next_one(shared: Any) -> None:
    live = shared.local.facts().live
    shared.kill("supervisor")
    with pytest.raises(Failed, match="is not running here"):
        shared.local.facts()
    shared.local.ensure()
    pid = shared.kill(live.slot)
    shared.until(lambda: (slot := shared.local.facts().slots[live.slot]).accepting and slot.pid != pid)
    assert shared.ask()["digest"] == live.digest


def test_many_starts_at_once_make_one_supervisor(shared: Any) -> None:
    shared.kill("supervisor")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: shared.local.ensure(), range(3)))
    assert shared.local.status().running


def test_an_older_token_is_void_even_for_the_next_supervisor(shared: Any) -> None:
    live = shared.local.facts().live
    idle = Side(other(live.slot), shared.local.facts().slots[other(live.slot)].digest)
    shared.local.fence(1000)
    shared.local.restart("supervisor")
    for order in (
        lambda: shared.local.switch(idle, 999),
        lambda: shared.local.stage(idle, 999),
        lambda: shared.local.discard(idle, 999, None),
    ):
        with pytest.raises(Refused, match="token 999 is older than 1000") as refused:
            order()
        assert refused.value.reason is Reason.FENCED
    assert shared.local.facts().live == live


def test_the_live_slot_is_never_replaced_or_emptied(shared: Any) -> None:
    live = shared.local.facts().live
    for order in (lambda: shared.local.stage(live, 1000), lambda: shared.local.discard(live, 1000, None)):
        with pytest.raises(Refused, match="is live; only the other slot may change"):
            order()


def test_traffic_never_goes_to_a_slot_that_is_not_ready(shared: Any, release: Make) -> None:
    live = shared.local.facts().live
    idle = other(live.slot)
    for digest in (release("unready").digest, "sha256:" + "0" * 64):
        with pytest.raises(Refused, match=f"{idle} is not ready") as refused:
            shared.local.switch(Side(idle, digest), 1000)
        assert refused.value.reason is Reason.NOT_READY
    assert shared.ask()["slot"] == live.slot


def test_down_finishes_requests_and_up_brings_the_same_release_back(shared: Any) -> None:
    before, url = shared.ask(), shared.url
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(shared.ask, 1)
        time.sleep(0.3)
        assert shared.local.down()
        assert asked.result() == before
    assert not shared.local.down()
    assert not shared.local.status().running
    assert shared.local.live().digest == before["digest"]
    shared.local.ensure()
    assert shared.ask() == before
    assert shared.url == url


def test_sockets_and_files_of_processes_that_are_gone_are_in_nobodys_way(shared: Any) -> None:
    before = shared.ask()
    pids = [slot.pid for slot in shared.local.facts().slots.values()]
    shared.kill("supervisor")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert all(folders.admin(shared.local.state, slot).exists() for slot in ("blue", "green"))
    shared.local.ensure()
    assert shared.ask() == before


def test_a_standby_whose_time_is_over_ends(house: Any, release: Make) -> None:
    short = {"environment.rollout.warm": {"hours": 0.0001}}
    house.deploy(release("one"))
    house.deploy(release("brief", **short))
    house.until(lambda: house.local.facts().slots["blue"].pid is None)
    receipt = house.rollback()
    assert (receipt.kind, receipt.slot, receipt.digest) == ("rollback", "blue", release("one").digest)


def test_a_port_in_use_is_one_line(tmp_path: Path, release: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = release("one", **{"environment.target.listen": f"127.0.0.1:{port}"}).content.environment
        with pytest.raises(Failed, match=f"port {port} on 127.0.0.1 is in use by another process") as failed:
            Local(tmp_path, environment, tmp_path / "state").ensure()
    assert failed.value.reason is Reason.PORT_IN_USE


def test_a_state_folder_that_cannot_be_made_is_one_line(tmp_path: Path, release: Make) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="cannot write in") as failed:
        Local(tmp_path, release("one").content.environment, tmp_path / "file" / "state").ensure()
    assert failed.value.reason is Reason.STORAGE


def test_an_environment_that_moved_asks_for_a_new_start(shared: Any, release: Make) -> None:
    moved = release("one", **{"environment.target.listen": "127.0.0.1:1"}).content.environment
    with pytest.raises(Refused, match=r"its document says 127\.0\.0\.1:1") as refused:
        Local(shared.local.root, moved, shared.local.state).ensure()
    assert refused.value.reason is Reason.STALE
