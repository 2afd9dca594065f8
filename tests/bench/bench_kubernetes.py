"""An environment in the test cluster: 20 switches under load, a rollback as a command, and drift over 50 pods."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.release.program import program
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout import driver
from mooring.rollout.receipt import Receipt
from tests import golang, reaper
from tests.bench.row import MissingError, Row
from tests.cluster import building
from tests.cluster.control_plane import ControlPlane
from tests.postgres import Cluster
from tests.repository import SURROUNDINGS, Repo, copied, surrounded
from tests.targets.house import Load
from tests.targets.kubernetes.declared import LOCAL, declare
from tests.targets.kubernetes.house import IMAGE, ROOT, KubernetesHouse, Place, open_house, opened

SWITCHES = 20
REQUESTS = 10_000
PATIENCE = 300.0
"""Seconds for so many requests."""

LIMIT = 2.0
"""Seconds for a command."""

PODS = 50
RUNS = 3
"""The best of them counts: what else the machine does is none of ours."""


def run() -> list[Row]:
    try:
        building.CONTROL.find("control")
    except golang.Missing as missing:
        raise MissingError(str(missing)) from None
    load_average = os.getloadavg()[0]
    reaper.mark()
    with reaper.reaper(), surrounded(), Cluster() as database, ControlPlane() as plane:
        rows = [*_switches(plane, database), *_drift(plane, database)]
    load = f"{load_average:.1f} before, {os.getloadavg()[0]:.1f} after"
    return [*rows, Row(f"load of the machine, {os.cpu_count()} cores", load)]


@contextmanager
def _environment(plane: ControlPlane, database: Cluster, replicas: int) -> Iterator[tuple[Repo, Place]]:
    """Documents of an environment with so many pods, and the place for them."""
    with tempfile.TemporaryDirectory() as folder, opened(plane, database.fresh(), Path(folder)) as place:
        repo = copied(Path(folder))
        repo.edit(LOCAL, "agents: [support, incident]", "agents: [support]")
        repo.edit(LOCAL, "    - agent: incident\n      say: What can you do?\n      expect: (?i)metrics\n", "")
        declare(repo, target=place.document(replicas=replicas), endpoints="real", services=_SERVICES)
        yield repo, place


_SERVICES = dict.fromkeys(("shop", "oncall", "runbooks"), "http://127.0.0.1:9")


def _release(repo: Repo) -> Release:
    return resolve(load(WorkTree(repo.root))[0], "local")


def _deploy(house: KubernetesHouse, repo: Repo) -> Receipt:
    request = driver.Request(_release(repo), "bench", repo.git("rev-parse", "HEAD").strip())
    return driver.deploy(house.target, house.ledger, request, lambda _line: None)


def _switches(plane: ControlPlane, database: Cluster) -> list[Row]:
    with _environment(plane, database, 2) as (repo, place):
        releases = [_release(repo)]
        house = open_house(place, releases[0], repo.root / ".mooring/local")
        _deploy(house, repo)
        declare(repo, description="Another one.")
        _deploy(house, repo)
        releases.append(_release(repo))
        receipts, load = _flipped(house, releases)
        back = _command(repo, "rollback", "local")
        python = _seconds([sys.executable, "-c", "pass"])
        house.close()
    took = [receipt.switch_ms or 0.0 for receipt in receipts]
    lost, answered = sum(receipt.lost for receipt in receipts), len(load.answers)
    well = lost == 0 and not load.errors and answered >= REQUESTS and len(receipts) == SWITCHES
    lines = f"{lost} by the receipts, {len(load.errors)} by the clients, of {answered:,}"
    slow = f"{statistics.median(took):.0f} ms, {max(took):.0f} ms at most"
    return [
        Row(f"{SWITCHES} switches under load: lost", lines, limit=f"0 of {REQUESTS:,}", ok=well),
        Row("from the patch to the last EndpointSlice", slow, limit="< 1 s", ok=min(took) > 0 and max(took) < 1000),
        _row("moor rollback, the other slot warm", back, python),
    ]


def _flipped(house: KubernetesHouse, releases: list[Release]) -> tuple[list[Receipt], Load]:
    """The receipts of all switches between two warm releases, and what clients saw meanwhile."""
    load, receipts, end = Load(house.url), list[Receipt](), time.monotonic() + PATIENCE
    with ThreadPoolExecutor(1) as pool:
        clients = pool.submit(asyncio.run, load.run())
        try:
            for number in range(SWITCHES):
                request = driver.Request(releases[number % 2], "bench")
                receipts.append(driver.deploy(house.target, house.ledger, request, lambda _line: None))
            while len(load.answers) < REQUESTS and time.monotonic() < end:
                time.sleep(0.1)
        finally:
            load.stopped = True
        clients.result()
    return receipts, load


def _drift(plane: ControlPlane, database: Cluster) -> list[Row]:
    with _environment(plane, database, PODS) as (repo, place):
        release = _release(repo)
        said = {"digest": release.digest, "program": program(), "content": release.content.model_dump(mode="json")}
        (place.folder / "said.json").write_text(json.dumps(said))
        image = place.nodes[0].images[IMAGE]
        python = Path(image.environ["PATH"].partition(":")[0]) / "python"
        file = ROOT / "tests/bench/many_pods.py"
        case = f'case "$2" in *.keeper) exec sleep 3600;; esac\nexec {sys.executable} -S {file} "$@"\n'
        python.write_text(f"#!/bin/sh\nexport RELEASE={place.folder / 'said.json'}\n{case}")
        house = open_house(place, release, repo.root / ".mooring/local")
        _deploy(house, repo)
        ready = len(house.target.facts().slots[house.live].workers)
        took = min(_command(repo, "drift", "local") for _ in range(RUNS))
        bare = _seconds([sys.executable, "-c", "pass"])
        house.close()
    return [replace(_row(f"moor drift over {ready} pods", took, bare), ok=took < LIMIT and ready == PODS)]


def _row(what: str, took: float, python: float) -> Row:
    limit = f"< {LIMIT:g} s"
    return Row(what, f"{took:.2f} s", f"{python:.2f} s python -c pass", took / python, limit, took < LIMIT)


def _command(repo: Repo, *words: str) -> float:
    return _seconds([sys.executable, "-m", "mooring", "-C", str(repo.root), *words])


def _seconds(command: list[str]) -> float:
    begun = time.monotonic()
    done = subprocess.run(command, env=os.environ | SURROUNDINGS, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return time.monotonic() - begun
