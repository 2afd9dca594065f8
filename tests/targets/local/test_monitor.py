"""The supervisor keeps a monitor, where the release says or where it was before, and tells what a kill has cost."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

from mooring.release.release import Release
from tests.targets.local.conftest import House

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the house is opened."""
    monkeypatch.setenv("LIGHT_WATCHED", "1")


def scraped(house: House) -> str:
    with urlopen(f"{house.local.status().monitor}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def value(house: House, start: str) -> float:
    """The sum of the series whose text begins so."""
    with suppress(OSError, ValueError):  # it does not listen yet
        return sum(float(line.rsplit(" ", 1)[1]) for line in scraped(house).splitlines() if line.startswith(start))
    return -1


def test_a_request_that_a_kill_cuts_off_is_lost_and_every_other_one_is_counted(
    watched: None, house: House, release: Callable[..., Release]
) -> None:
    house.deploy(release("one"))
    for _ in range(5):
        house.ask()
    cut = threading.Thread(target=lambda: _ask_in_vain(house))
    cut.start()
    time.sleep(0.5)
    digest = release("one").digest.removeprefix("sha256:")[:12]
    of = f'mooring_requests_total{{slot="{house.live}",release="{digest}",end='
    house.kill(house.live)
    cut.join()
    house.until(lambda: value(house, f'{of}"lost"') == 1)
    assert value(house, f'{of}"received"') == 6
    assert value(house, f'{of}"answered"') == 5
    assert value(house, "mooring_lost_requests_total") == 1
    house.until(lambda: house.ask())
    house.until(lambda: value(house, f'{of}"answered"') == 6)
    assert value(house, f'{of}"lost"') == 1


def _ask_in_vain(house: House) -> None:
    with suppress(OSError):
        house.ask(sleep=10)


def test_a_release_says_where_and_an_occupied_port_is_taken_once_it_is_free(
    watched: None, house: House, release: Callable[..., Release]
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        house.deploy(release("one", **{"environment.target.monitor": f"127.0.0.1:{port}"}))
        house.until(lambda: f"port {port} on 127.0.0.1 is in use" in "".join(house.local.logs("supervisor", 50)))
        house.ask()
    assert house.until(lambda: house.local.status().monitor == f"http://127.0.0.1:{port}")
    house.until(lambda: value(house, "mooring_up") == 1)


def test_it_ends_by_itself_when_nothing_is_left_to_watch(
    watched: None, house: House, release: Callable[..., Release]
) -> None:
    house.deploy(release("one"))
    house.until(lambda: value(house, "mooring_up") == 1)
    mine = [one for one in psutil.process_iter() if "mooring.commands.monitor" in _words(one)]
    [monitor] = [one for one in mine if str(house.local.state) in _words(one)]
    slot = house.local.facts().slots[house.live].pid
    house.kill("supervisor")
    assert slot
    os.kill(slot, signal.SIGKILL)
    monitor.wait(timeout=60)


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def test_the_status_of_the_monitor_is_the_status_of_the_command(
    watched: None, house: House, release: Callable[..., Release]
) -> None:
    house.deploy(release("one"))
    url = house.until(lambda: house.local.status().monitor)
    with urlopen(f"{url}/status.json", timeout=30) as answer:
        told: dict[str, Any] = json.load(answer)
    assert (told["environment"], told["running"], told["monitor"]) == ("local", True, url)
    assert told["live"] == {"slot": house.live, "digest": release("one").digest}
    assert told["since"]
    assert told["lease"] is None
