"""A spare process of the live release answers when the live one dies, and what was cut is counted as lost."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from mooring.targets.host import folders
from tests.targets.local.conftest import House, open_house

pytestmark = pytest.mark.slow

Make = Any


@pytest.fixture(scope="module")
def spared(tmp_path_factory: pytest.TempPathFactory, release: Make) -> Iterator[House]:
    """A house whose live release takes its time to start, and has a spare process."""
    one = release("slow one", **{"environment.serving.spare": True})
    opened = open_house(tmp_path_factory.mktemp("spared"), one)
    opened.deploy(one)
    yield opened
    opened.local.down()
    opened.ledger.close()


def live(house: House) -> Any:
    return house.local.facts().slots[house.live]


def ready(house: House) -> Any:
    """The live slot, once it accepts and its spare process stands by."""
    return house.until(lambda: (slot := live(house)).spare == "ready" and slot.accepting and spare_pid(house) and slot)


def spare_pid(house: House) -> Any:
    """The process behind the second door."""
    door = str(folders.second(folders.admin(house.local.state, house.live)))
    pid = live(house).pid
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if door in process.cmdline() and process.pid != pid and process.status() != psutil.STATUS_ZOMBIE:
                return process.pid
    return None


def taken(house: House, pid: int) -> Any:
    """Once the slot is served by this process."""
    return house.until(lambda: live(house).pid == pid)


def test_the_spare_process_accepts_at_once_when_the_live_one_is_killed(spared: House) -> None:
    for _ in range(2):
        ready(spared)
        spare, pid = spare_pid(spared), spared.kill(spared.live)
        assert spared.ask()["slot"] == spared.live
        assert taken(spared, spare)
        assert pid != spare
    assert live(spared).restarts == 2
    ready(spared)


def test_what_was_in_flight_is_lost_and_every_total_says_so(spared: House) -> None:
    before = ready(spared)
    cut: list[BaseException] = []

    def ask() -> None:
        try:
            spared.ask(sleep=5)
        except OSError as error:
            cut.append(error)

    clients = [threading.Thread(target=ask) for _ in range(7)]
    for client in clients:
        client.start()
    spared.until(lambda: live(spared).in_flight == 7)
    spared.kill(spared.live)
    for client in clients:
        client.join(10)
    spared.ask()
    after = live(spared)
    lost = {name: after.totals[name] - before.totals[name] for name in after.totals}
    assert len(cut) == 7
    assert (lost["lost"], lost["received"] - lost["answered"], after.in_flight) == (7, 7, 0)
    assert spared.local.facts().counts()["lost"] >= 7


def test_a_spare_process_that_dies_is_followed_by_another(spared: House) -> None:
    ready(spared)
    first = spare_pid(spared)
    os.kill(first, signal.SIGKILL)
    spared.until(lambda: not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE)
    spared.until(lambda: spare_pid(spared) not in (first, None))
    assert spared.ask()


def test_when_both_die_the_slot_comes_back(spared: House) -> None:
    ready(spared)
    os.kill(spare_pid(spared), signal.SIGKILL)
    spared.kill(spared.live)
    assert spared.ask()
    ready(spared)


def test_a_restart_uses_the_spare_process(spared: House) -> None:
    ready(spared)
    spare, pid = spare_pid(spared), live(spared).pid
    spared.local.restart()
    spared.until(lambda: live(spared).pid == spare)
    assert pid != spare
    ready(spared)


def test_the_next_supervisor_keeps_the_spare_process(spared: House) -> None:
    ready(spared)
    spare = spare_pid(spared)
    spared.kill("supervisor")
    spared.local.ensure()
    ready(spared)
    assert spare_pid(spared) == spare


def test_a_switch_moves_the_spare_process_to_the_new_live_slot(spared: House, release: Make) -> None:
    ready(spared)
    was, spare = spared.live, spare_pid(spared)
    spared.deploy(release("two", **{"environment.serving.spare": True}))
    spared.until(lambda: spared.local.facts().slots[was].spare is None)
    spared.until(lambda: not psutil.pid_exists(spare) or psutil.Process(spare).status() == psutil.STATUS_ZOMBIE)
    ready(spared)
    assert spared.live != was
    spared.rollback()


def test_no_spare_process_outlives_its_environment(tmp_path: Path, release: Make) -> None:
    one = release("one", **{"environment.serving.spare": True})
    house = open_house(tmp_path, one)
    try:
        house.deploy(one)
        ready(house)
        spare = spare_pid(house)
    finally:
        house.local.down()
        house.ledger.close()
    assert not psutil.pid_exists(spare) or psutil.Process(spare).status() == psutil.STATUS_ZOMBIE
