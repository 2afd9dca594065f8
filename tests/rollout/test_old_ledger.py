"""The ledger that an earlier version kept in a file of its own goes on in the database, on each engine."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver, lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase, State, Switched
from mooring.state import link
from mooring.state.place.location import Location
from mooring.state.records import ledger as chain

WRITTEN = (Path(__file__).parent / "old_ledger.sql").read_text(encoding="utf-8")
"""Two deployments and a rollback as version 0.1 wrote them."""
ENTRIES = 15


@pytest.fixture
def location(everywhere: Location) -> Location:
    return everywhere


@pytest.fixture
def old(location: Location) -> Path:
    """A state folder with a ledger of the earlier version."""
    location.state.mkdir()
    written(location.state)
    return location.state


def written(folder: Path) -> None:
    source = opened(folder)
    source.executescript(WRITTEN)
    source.close()


def opened(folder: Path) -> sqlite3.Connection:
    """The old ledger as the earlier version opens it."""
    source = sqlite3.connect(folder / "ledger.db", timeout=5, isolation_level=None)
    source.execute("pragma journal_mode = wal")
    return source


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if "ledger" in path.name}


def rows(ledger: Ledger) -> list[tuple[int, str, str, str]]:
    found = ledger.read(lambda statements: chain.newest(statements, 999))
    return [(row.seq, row.body, row.previous, row.hash) for row in reversed(found)]


def test_every_entry_and_the_token_are_copied_unchanged(old: Path, location: Location) -> None:
    before = opened(old).execute("select seq, body, previous, hash from entries order by seq").fetchall()
    ledger = Ledger(location)
    assert ledger.verify() == len(before) == ENTRIES
    assert rows(ledger) == before
    held = lease.read(ledger, "local")
    assert held
    assert (held.token, held.actor) == (3, "bøb")
    assert ledger.state("local").phase is Phase.IDLE
    assert names(old) == {"ledger.db.taken-over"}
    ledger.close()


def test_a_deployment_goes_on_from_it(
    old: Path, location: Location, release: Callable[..., Release], target: Any, clock: Any
) -> None:
    ledger = Ledger(location)
    said: list[str] = []
    driver.deploy(target, ledger, driver.Request(release(3), "cem"), said.append, clock)
    assert target.token == 4
    assert ledger.verify() > ENTRIES
    ledger.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("update entries set body = replace(body, 'ann', 'eve') where seq = 2", "the chain breaks at entry 2"),
        ("delete from entries where seq = 15", "1 entries are missing at the end"),
    ],
)
def test_one_that_was_tampered_with_is_refused_and_stays(
    old: Path, location: Location, statement: str, message: str
) -> None:
    source = opened(old)
    source.executescript(f"drop trigger entries_are_never_changed; drop trigger entries_are_never_deleted; {statement}")
    source.close()
    for _ in range(2):
        with pytest.raises(Refused, match=rf"ledger\.db cannot be taken over: {message}") as refused:
            Ledger(location).state("local")
        assert refused.value.reason is Reason.TAMPERED
        assert "move it away" in refused.value.fix
    assert "ledger.db" in names(old)
    (old / "ledger.db").unlink()
    ledger = Ledger(location)
    assert ledger.verify() == 0
    ledger.close()


def test_one_that_is_no_database_is_refused_and_stays(old: Path, location: Location) -> None:
    (old / "ledger.db").write_bytes(b"not a database" * 100)
    with pytest.raises(Refused, match="not a ledger any more"):
        Ledger(location).state("local")
    assert "ledger.db" in names(old)


@pytest.mark.slow
def test_while_a_process_of_the_earlier_version_writes_to_it_nobody_else_does(
    old: Path, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PATIENCE", 0.3)
    source = opened(old)
    source.execute("select count(*) from entries").fetchone()
    with pytest.raises(Refused, match="in use by a process of an earlier version") as refused:
        Ledger(location).state("local")
    assert refused.value.reason is Reason.LOCKED
    source.close()
    ledger = Ledger(location)
    assert ledger.verify() == ENTRIES
    ledger.close()


@pytest.mark.slow
def test_a_supervisor_of_the_earlier_version_that_looks_into_it_is_waited_for(old: Path, location: Location) -> None:
    looks = True

    def look() -> None:
        while looks and (old / "ledger.db").exists():
            with suppress(sqlite3.OperationalError):  # it logs that, and looks again
                source = opened(old)
                source.execute("select 1 from sqlite_master").fetchone()
                time.sleep(0.1)
                source.close()
            time.sleep(0.4)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        ledger = Ledger(location)
        assert ledger.verify() == ENTRIES
        ledger.close()
        looks = False
        looking.result()


def test_one_that_a_rollback_to_the_earlier_version_began_is_linked_to_the_end(old: Path, location: Location) -> None:
    first = Ledger(location)
    first.append("local", 3, "ann", Switched(1), State())
    first.close()
    written(old)
    ledger = Ledger(location)
    assert ledger.verify() == 2 * ENTRIES + 1
    assert [row[1] for row in rows(ledger)[:ENTRIES]] == [row[1] for row in rows(ledger)[ENTRIES + 1 :]]
    held = lease.read(ledger, "local")
    assert held
    assert held.token == 3
    assert names(old) == {"ledger.db.taken-over", "ledger.db.taken-over-2"}
    ledger.close()


def test_an_empty_one_is_taken_over_too(old: Path, location: Location) -> None:
    (old / "ledger.db").unlink()
    (old / "ledger.db").touch()
    ledger = Ledger(location)
    assert ledger.verify() == 0
    assert names(old) == {"ledger.db.taken-over"}
    ledger.close()


@pytest.mark.slow
def test_processes_that_begin_at_once_take_it_over_once(old: Path, location: Location) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom mooring.rollout.ledger import Ledger\n"
        "from mooring.state.place.location import Location\n"
        'ledger = Ledger(Location(Path(sys.argv[1]), "local", sys.argv[2] or None))\n'
        "time.sleep(max(0, float(sys.argv[3]) - time.time()))\nprint(ledger.verify())\n"
    )
    command = [sys.executable, "-c", code, str(old), location.reference or "", str(time.time() + 1.5)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
        for _ in range(3)
    ]
    told = [each.communicate(timeout=60) for each in started]
    assert [out.strip() for out, _ in told] == [str(ENTRIES)] * 3, told
