"""The status page: its data and its drawing with 2,000 deployments in the ledger and five weeks of samples of what was
promised, and the log book of the last ten deployments.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.operate.objectives.standing import Standings
from mooring.operate.records import Records
from mooring.operate.samples import MINUTE, RISES, TICKS, needed, packed
from mooring.operate.status import status
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.report.page.page import page
from mooring.rollout import lease, logbook, machine
from mooring.rollout.ledger import Ledger
from mooring.rollout.objectives.signals import SIGNALS, Level, Mean, Quantile, Share, bound, bounds
from mooring.rollout.objectives.window import Key
from mooring.rollout.receipt import Accounted
from mooring.rollout.state import Event, Kind, Passed, Requested, Retired, Staged, State, Switched
from mooring.state.place.location import Location
from mooring.state.records import samples
from tests.bench.row import Row
from tests.report.page.story import serving
from tests.repository import CONTENT

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
        release = _release()
        target, minutes = Still(digests, release), _sampled(records, release)
        # One of its own each time, as a command has: the monitor's reads the samples once a minute.
        look = lambda: status(target, records, Standings(records))  # noqa: E731 - short
        data = look()
        assert data["deployments"][0]["lost"] == 0, "the ledger was read"
        assert all(one["value"] is not None for one in data["objectives"]), "the samples were read"
        book = records.ledger()
        assert book is not None
        rows = [
            _row(f"data of the status page, {minutes:,} samples of {len(data['objectives'])} objectives", look),
            _row("drawing it", lambda: page(serving(), "en")),
            _row("log book, the last 10 of it", lambda: logbook.newest(book.backward("production"), 10)),
        ]
        records.close()
        return rows


class Still:
    """A target that says at once what runs."""

    def __init__(self, digests: list[str], release: Release) -> None:
        self._data, self._release = serving(), release
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

    def live(self) -> Release:
        return self._release


def _release() -> Release:
    content = resolve(load(WorkTree(CONTENT))[0], "local").content
    environment = content.environment.model_copy(update={"objectives": next(iter(content.objectives))})
    return Release.of(content.model_copy(update={"environment": environment}))


def _sampled(records: Records, release: Release) -> int:
    """Samples of five weeks as they are kept of one machine; how many there are."""
    wanted, now = needed(release.content.promised), int(time.time()) // MINUTE
    kept = [
        minute
        for minute in range(now - samples.KEEP_MINUTES, now + 1)
        if all(minute >= now - age or minute % every == 0 for age, every in samples.THINNED)
    ]
    database = records.database()
    assert database is not None

    def put(connection: sa.Connection) -> None:
        for minute in kept:
            data = packed(_totals(minute - kept[0]), wanted)
            samples.put(connection, "this machine", minute, data)

    database.write(put)
    return len(kept)


def _totals(minute: int) -> dict[Key, float]:
    """Of all signals, so many minutes after the first sample: 60 events of each kind a minute, and few bad ones."""
    found: dict[Key, float] = {}
    for measure in SIGNALS.values():
        match measure:
            case Share(bad=bad, total=total, up=up):
                found |= {(total.metric, frozenset(each.items())): minute * 60.0 for each in total.each()}
                found |= {(bad.metric, frozenset(each.items())): minute * 0.1 for each in bad.each()}
                found |= {(f"{up}{end}", frozenset()): float(minute) for end in (TICKS, RISES) if up}
            case Mean(histogram) | Quantile(histogram):
                found |= {(f"{histogram}_{end}", frozenset()): minute * 60.0 for end in ("count", "sum")}
                for number, upper in enumerate(bounds(histogram), 1):
                    share = number / len(bounds(histogram))
                    found[f"{histogram}_bucket", frozenset({("le", bound(upper))})] = minute * 60.0 * share
            case Level(gauge):
                found[gauge, frozenset({("slot", "blue"), ("worker", "1")})] = 0.5
    return found


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
