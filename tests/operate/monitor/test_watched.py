"""A real environment under load, watched by a scraper that never pauses: whatever happens to it, no counter falls."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
import pytest

from mooring import metrics
from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.operate.monitor.store import FILE
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location
from mooring.targets.local.target import Local
from tests.repository import CONTENT

pytestmark = pytest.mark.slow

REQUESTS = "mooring_requests_total"
LINE = re.compile(r"(?P<name>[a-z_]+)(\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

Series = tuple[str, frozenset[tuple[str, str]]]


def parse(text: str) -> tuple[dict[Series, float], dict[Series, float]]:
    """Series of counters and histograms, and those of gauges."""
    kinds: dict[str, str] = {}
    summed: dict[Series, float] = {}
    gauges: dict[Series, float] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kinds_of = line.split(" ")[2:]
            kinds[name] = kinds_of
        elif not line.startswith("#"):
            found = LINE.fullmatch(line)
            assert found, line
            name = found["name"]
            kind = kinds.get(name) or kinds[re.sub(r"_(bucket|sum|count)$", "", name)]
            key = name, frozenset(LABEL.findall(found["labels"] or ""))
            (gauges if kind == "gauge" else summed)[key] = float(found["value"])
    return summed, gauges


def of(series: dict[Series, float], name: str, **labels: str) -> float:
    return sum(value for (mine, its), value in series.items() if mine == name and labels.items() <= dict(its).items())


def ended(series: dict[Series, float]) -> float:
    """Requests of which it is known how they ended."""
    return sum(of(series, REQUESTS, end=end) for end in ("answered", "failed", "abandoned", "lost"))


@dataclass
class Scraper:
    """Asks for the metrics again and again; what fell, and what could not be had."""

    url: str
    fell: list[str] = field(default_factory=list)
    scrapes: int = 0
    refused: int = 0
    stopped: bool = False
    last: dict[Series, float] = field(default_factory=dict)

    def run(self) -> None:
        while not self.stopped:
            try:
                self.take(scrape(self.url))
            except OSError:
                self.refused += 1
            time.sleep(0.05)

    def take(self, text: str) -> None:
        self.scrapes += 1
        now, _gauges = parse(text)
        self.fell += [f"{key} {was} -> {now.get(key)}" for key, was in self.last.items() if now.get(key, -1) < was]
        self.last = now


def scrape(url: str) -> str:
    with urlopen(f"{url}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


@dataclass
class Place:
    """An environment of two workers, its ledger and its releases."""

    local: Local
    ledger: Ledger
    make: Callable[[int], Release]

    def deploy(self, number: int) -> Release:
        release = self.make(number)
        driver.deploy(self.local, self.ledger, driver.Request(release, "ann", commit="c" * 40), lambda _line: None)
        return release

    def ask(self, times: int) -> None:
        for _ in range(times):
            say(str(self.local.status().url))

    def metrics(self) -> tuple[dict[Series, float], dict[Series, float]]:
        return parse(scrape(str(self.local.status().monitor)))

    def until(self, holds: Callable[[], Any], seconds: float = 20) -> Any:
        end = time.monotonic() + seconds
        while True:
            with suppress(OSError):
                if value := holds():
                    return value
            assert time.monotonic() < end, self.local.logs("monitor", 20) + self.local.logs("supervisor", 20)
            time.sleep(0.1)

    def monitor(self) -> int:
        """Its process id; 0 while there is none."""
        wanted = {"mooring.commands.monitor", str(self.local.state)}
        return next((process.pid for process in psutil.process_iter() if wanted <= set(_words(process))), 0)


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _known(name: str, labels: frozenset[tuple[str, str]]) -> bool:
    """Whether the table of metrics has such a series."""
    own = metrics.SERIES.get(name)
    return own is not None and {label for label, _ in labels} <= {*own, *metrics.EVERYWHERE}


def say(url: str) -> None:
    body = {"model": "support", "messages": [{"role": "user", "content": "What can you do?"}]}
    request = Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        answer.read()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    catalog, _findings = load(WorkTree(CONTENT))
    original = resolve(catalog, "local").content

    def make(number: int) -> Release:
        data = original.model_dump(mode="json")
        data["environment"]["description"] = f"Number {number}."
        data["environment"]["target"]["listen"] = "127.0.0.1:0"
        data["environment"]["rollout"]["bakeSeconds"] = 0.5
        data["environment"]["serving"] |= {"workers": 2, "spare": False}
        return Release.of(type(original).model_validate(data))

    local = Local(CONTENT, make(1).content.environment, tmp_path / "state")
    local.ensure()
    ledger = Ledger(Location(local.state, "local"))
    yield Place(local, ledger, make)
    local.down()
    ledger.close()


def kill_a_worker(place: Place) -> None:
    status = place.local.status()
    assert status.facts.live
    pid = status.facts.slots[status.facts.live.slot].workers[1].pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    place.until(lambda: of(place.metrics()[0], "mooring_restarts_total") == 1)


def kill_the_monitor(place: Place, url: str) -> None:
    os.kill(before := place.monitor(), signal.SIGKILL)
    place.until(lambda: place.monitor() not in (0, before) and scrape(url))


def kill_and_restart_the_supervisor(place: Place, url: str) -> None:
    """The monitor outlives it, and the next one's has the same address."""
    pid = place.local.status().supervisor
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert of(parse(scrape(url))[1], "mooring_up") == 1
    place.until(lambda: of(parse(scrape(url))[1], "mooring_supervisor_up") == 0)
    place.local.ensure()
    place.until(lambda: of(parse(scrape(url))[1], "mooring_supervisor_up") == 1)
    place.local.restart("supervisor")
    place.until(lambda: place.local.status().monitor == url)


def live_through(place: Place, url: str) -> list[Release]:
    """Everything that can happen, 20 requests in between; the releases after the first one."""
    place.ask(6)
    releases = [place.deploy(2)]
    place.ask(6)
    place.until(lambda: of(place.metrics()[0], REQUESTS, end="answered") == 12)
    kill_a_worker(place)
    place.ask(4)
    kill_the_monitor(place, url)
    driver.rollback(place.local, place.ledger, "bob", lambda _line: None)
    place.until(lambda: of(place.metrics()[1], "mooring_quarantined") == 1)
    place.ask(2)
    kill_and_restart_the_supervisor(place, url)
    releases.append(place.deploy(3))
    place.ask(2)
    place.until(lambda: ended(place.metrics()[0]) == 20)
    return releases


@pytest.mark.timeout(400)
def test_no_counter_falls_and_none_is_forgotten_whatever_happens(place: Place) -> None:
    releases = [place.deploy(1)]
    url = str(place.local.status().monitor)
    place.until(lambda: scrape(url))
    scraper = Scraper(url)
    watching = threading.Thread(target=scraper.run)
    watching.start()
    try:
        releases += live_through(place, url)
    finally:
        scraper.stopped = True
        watching.join()
    assert scraper.fell == []
    assert scraper.scrapes > 50

    summed, gauges = place.metrics()
    assert ended(summed) == of(summed, REQUESTS, end="received") == 20
    served = {dict(labels)["release"] for (name, labels), value in summed.items() if name == REQUESTS and value}
    short = [release.digest.removeprefix("sha256:")[:12] for release in releases]
    assert served == set(short)
    assert of(summed, "mooring_switches_total") == 4
    live = place.local.facts().live
    assert live
    assert of(gauges, "mooring_live_info", slot=live.slot, release=short[2], commit="c" * 40) == 1
    assert of(gauges, "mooring_quarantined") == 0, "another release is there since"
    assert [f"{name}{sorted(labels)}" for name, labels in (*summed, *gauges) if not _known(name, labels)] == []
    done = subprocess.run(["promtool", "check", "metrics"], input=scrape(url), capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_monitor_ends_with_its_environment(place: Place) -> None:
    place.deploy(1)
    pid = place.until(place.monitor)
    place.until(lambda: (place.local.state / FILE).exists())
    status = place.local.status()
    assert place.local.down()
    place.until(lambda: not psutil.pid_exists(pid))
    place.local.ensure()
    assert place.until(lambda: place.local.status().monitor) == status.monitor, "it is found where it was"
