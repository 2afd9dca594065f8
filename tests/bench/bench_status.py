"""The status page: its data and its drawing with 2,000 deployments in the ledger, and the log book of the last ten."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mooring.operate.objectives.standing import Standings
from mooring.operate.records import Records
from mooring.operate.status import status
from mooring.report.page.page import page
from mooring.rollout import lease, logbook, machine
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Accounted
from mooring.rollout.state import Event, Kind, Passed, Requested, Retired, Staged, State, Switched
from mooring.state.place.location import Location
from tests.bench.row import Row
from tests.report.page.story import serving

DEPLOYMENTS, TIMES = 2_000, 40
MOST_SECONDS = 0.05

COUNTS = {"received": 168, "answered": 168, "failed": 0, "abandoned": 0, "in_flight": 0, "lost": 0}


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        state = root / ".mooring" / "production"
        state.mkdir(parents=True)
        digests = _filled(Location(state, "production"))
        records = Records(root, state, "production", os.environ)
        target = Still(digests)
        stand = Standings(records)
        data = status(target, records, stand)
        assert data["deployments"][0]["lost"] == 0, "the ledger was read"
        book = records.ledger()
        assert book is not None
        rows = [
            _row("data of the status page", lambda: status(target, records, stand)),
            _row("drawing it", lambda: page(serving(), "en")),
            _row("log book, the last 10 of it", lambda: logbook.newest(book.backward("production"), 10)),
        ]
        records.close()
        return rows


class Still:
    """A target that says at once what runs."""

    def __init__(self, digests: list[str]) -> None:
        self._data = serving()
        for slot, digest in zip(("green", "blue"), reversed(digests), strict=False):
            self._data["slots"][slot]["digest"] = digest

    def status(self) -> "Still":
        return self

    def data(self) -> dict[str, Any]:
        facts = {name: self._data[name] for name in ("live", "slots", "token", "machine")}
        told = {
            name: self._data[name] for name in ("environment", "running", "url", "supervisor", "simulator", "ledger")
        }
        return {**told, "facts": facts}

    def live(self) -> None:
        return None


def _filled(location: Location) -> list[str]:
    """A ledger of so many deployments, each with its receipt; the digests that were live last."""
    ledger = Ledger(location, os.environ)
    held, state, digests = lease.acquire(ledger, "production", "ann", "deploy"), State(), []
    for number in range(DEPLOYMENTS):
        at, digest = 1.79e9 + 100 * number, f"sha256:{number:064x}"
        asked = Requested(at, Kind.DEPLOY, digest, commit=f"{number:040x}", deadline=at + 60, bake_seconds=1)
        events: list[Event] = [asked, Staged(at + 1), Passed(at + 2), Switched(at + 3, 0.5), Passed(at + 4)]
        for event in [*events, *([Retired(at + 5)] if number else [])]:
            state, _ = machine.step(state, event)
            ledger.append("production", held.token, "ann", event, state, "m1")
        receipt = Accounted(at + 6, **COUNTS, seconds=6.0, switch_ms=0.5)
        ledger.append("production", held.token, "ann", receipt, state, "m1")
        digests.append(digest)
    lease.release(ledger, held)
    location.remember()
    ledger.close()
    return digests[-2:]


def _row(what: str, work: Callable[[], object]) -> Row:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    middle = statistics.median(took)
    limit = f"< {MOST_SECONDS * 1000:.0f} ms"
    return Row(what, f"{middle * 1000:.1f} ms", ratio=middle / MOST_SECONDS, limit=limit, ok=middle < MOST_SECONDS)
