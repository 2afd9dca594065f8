"""The ledger keeps what it was told, and notices when somebody else wrote in it."""

import sqlite3
from pathlib import Path

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Kind, Requested, Side, State, Switched

TRIGGERS = ("entries_are_never_changed", "entries_are_never_deleted")


@pytest.fixture
def written(ledger: Ledger) -> Ledger:
    """Four entries."""
    ledger.append("local", 1, "ann", Requested(1, Kind.DEPLOY, "sha256:a", commit="c1"), State())
    ledger.append("local", 1, "ann", Switched(2, 0.4), State(live=Side("blue", "sha256:a")))
    ledger.append("local", 2, "bob", Requested(3, Kind.DEPLOY, "sha256:a", commit="c2"), State())
    ledger.append("local", 2, "bob", Switched(4, 0.4), State(live=Side("green", "sha256:a"), trail=("sha256:a",)))
    return ledger


def unguarded(ledger: Ledger) -> sqlite3.Connection:
    """The database as somebody with a SQLite shell has it, without its triggers."""
    database = sqlite3.connect(ledger.path, isolation_level=None)
    for trigger in TRIGGERS:
        database.execute(f"DROP TRIGGER {trigger}")
    return database


def test_the_state_of_an_environment_is_that_of_its_last_entry(written: Ledger) -> None:
    assert written.state("local").live == Side("green", "sha256:a")
    assert written.state("staging") == State()
    assert [entry.seq for entry in written.entries(2, "local")] == [4, 3]
    assert written.verify() == 4


def test_it_knows_the_commit_a_release_was_last_deployed_from(written: Ledger) -> None:
    assert written.commit_of("local", "sha256:a") == "c2"
    assert written.commit_of("local", "sha256:b") is None


@pytest.mark.parametrize("statement", ["UPDATE entries SET body = '{}' WHERE seq = 1", "DELETE FROM entries"])
def test_sqlite_itself_refuses_to_change_or_delete_entries(written: Ledger, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sqlite3.connect(written.path).execute(statement)
    assert written.verify() == 4


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE entries SET body = replace(body, 'ann', 'eve') WHERE seq = 2", "breaks at entry 2"),
        ("UPDATE entries SET environment = 'staging' WHERE seq = 1", "breaks at entry 1"),
        ("UPDATE entries SET hash = upper(hash) WHERE seq = 4", "breaks at entry 4"),
        ("DELETE FROM entries WHERE seq = 2", "breaks at entry 2"),
        ("DELETE FROM entries WHERE seq >= 3", "2 entries are missing at the end"),
        ("DELETE FROM entries", "4 entries are missing at the end"),
        ("SELECT 1", "a trigger that keeps it append-only is missing"),
    ],
)
def test_any_tampering_is_found(written: Ledger, statement: str, message: str) -> None:
    unguarded(written).execute(statement)
    with pytest.raises(Refused, match=message) as refused:
        written.verify()
    assert refused.value.reason is Reason.TAMPERED


def test_who_holds_an_older_token_can_write_no_more(ledger: Ledger) -> None:
    with ledger.transaction() as db:
        db.execute("INSERT INTO leases VALUES ('local', 7, 'h:1:1', 'ann', 'deploy', 0)")
    ledger.append("local", 7, "ann", Switched(1), State())
    with pytest.raises(Refused, match="token 7, mine 6") as refused:
        ledger.append("local", 6, "bob", Switched(2), State())
    assert refused.value.reason is Reason.FENCED
    assert ledger.verify() == 1


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="cannot use") as failed:
        Ledger(tmp_path / "file" / "ledger.db")
    assert failed.value.reason is Reason.STORAGE


def test_a_full_disk_is_one_line_and_writes_nothing(written: Ledger) -> None:
    pages = written.query("PRAGMA page_count")[0][0]
    written.query(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Failed, match="full") as failed:
        written.append("local", 3, "x" * 100_000, Switched(5), State())
    assert failed.value.reason is Reason.STORAGE
    assert written.verify() == 4


def test_a_file_that_is_no_database_is_tampered(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(Refused, match="not a ledger") as refused:
        Ledger(tmp_path / "ledger.db")
    assert refused.value.reason is Reason.TAMPERED


def test_a_second_reader_sees_every_entry_at_once(written: Ledger) -> None:
    second = Ledger(written.path)
    assert second.verify() == 4
    second.close()
