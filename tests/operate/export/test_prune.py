"""Nothing is deleted by age alone, by count alone, without a verified copy, or by a clock that is wrong."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mooring.errors import Refused
from mooring.operate.export.copying import copy
from mooring.operate.export.destination import Destination
from mooring.operate.export.prune import Pruned, prune
from mooring.operate.export.restore import choose
from mooring.operate.export.shelf import Shelf
from mooring.operate.export.source import Lease, Source
from mooring.outcome import Reason
from mooring.state.place.address import Address
from tests.operate.export.conftest import Open, fill, said
from tests.operate.export.s3 import KEYS, Server
from tests.operate.export.test_copying import back

LATER = 200 * 86400.0


def verified(source: Source) -> None:
    """Says of the newest copies that they were restored."""
    newest = Shelf(source.destination).ids()[-1]
    source.destination.put(f"verified/{newest}.json", json.dumps({"rpo": 1, "rto": 2}).encode())


def pruned(source: Source, monkeypatch: pytest.MonkeyPatch, later: float = LATER, dry: bool = False) -> Pruned:
    """What is deleted so many seconds from now, by both clocks."""
    monkeypatch.setattr(Destination, "now", lambda _self: time.time() + later)
    return prune(source, dry, lambda _line: None, lambda: time.time() + later)


def deleted(done: Pruned) -> list[str]:
    return [one.name for one in done.copies if one.delete]


def several(source: Source, address: Address, copies: int) -> list[str]:
    """Makes copies of different content; their ids."""
    for number in range(copies):
        fill(address, 30, first=100 * number)
        copy(source)
    return Shelf(source.destination).ids()


def test_age_and_count_agree_and_the_newest_stay(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = opened(sqlite, atLeast=2)
    ids = several(source, sqlite, 4)
    verified(source)
    assert deleted(pruned(source, monkeypatch, later=10 * 86400.0)) == []
    planned = pruned(source, monkeypatch, dry=True)
    assert {name.partition("/")[2] for name in deleted(planned)} == {ids[0], ids[1]}
    assert Shelf(source.destination).ids() == ids, "a dry run deletes nothing"
    done = pruned(source, monkeypatch)
    assert deleted(done) == deleted(planned)
    assert done.parts == planned.parts > 0
    back(source, other := Address(f"sqlite:///{tmp_path / 'other.db'}", "local"), tmp_path)
    assert said(other) == said(sqlite)
    assert {name for name in Shelf(source.destination).stored if name.startswith("record/")}


def test_nothing_goes_before_a_newer_copy_was_verified(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(sqlite, atLeast=1)
    several(source, sqlite, 2)
    done = pruned(source, monkeypatch)
    assert deleted(done) == []
    assert "no newer copy was verified" in {one.why for one in done.copies}


def test_retention_that_would_delete_everything_leaves_the_last_copies(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(sqlite, atLeast=1, keepDays={"conversations": 1, "memory": 1, "runs": 1})
    ids = several(source, sqlite, 3)
    verified(source)
    pruned(source, monkeypatch, later=9999 * 86400.0)
    assert choose(source.destination).id == ids[-1]


def test_what_is_held_stays(sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    year = datetime.now(UTC).strftime("%Y")
    over = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    holds = [
        {"prefix": f"conversations/{year}", "reason": "Case 12"},
        {"prefix": "runs/", "reason": "Old", "until": over},
    ]
    source = opened(sqlite, atLeast=1, holds=holds)
    several(source, sqlite, 3)
    verified(source)
    gone = deleted(pruned(source, monkeypatch))
    assert gone
    assert not [name for name in gone if name.startswith("conversations/")]
    assert [name for name in gone if name.startswith("runs/")]


def test_a_clock_that_is_wrong_deletes_nothing(sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    source = opened(sqlite, atLeast=1)
    several(source, sqlite, 2)
    verified(source)
    with pytest.raises(Refused, match="clock") as refused:
        prune(source, dry=False, notify=lambda _line: None, clock=lambda: time.time() + LATER)
    assert refused.value.reason is Reason.CLOCK_SKEW
    # And where both jump together, a copy that says it is younger than its object counts as young.
    monkeypatch.setattr(Destination, "now", lambda _self: time.time())
    assert deleted(prune(source, dry=False, notify=lambda _line: None)) == []


def test_a_copy_is_not_made_while_copies_are_pruned(sqlite: Address, opened: Open) -> None:
    fill(sqlite, 1)
    source, other = opened(sqlite), opened(sqlite)
    with source.lease("copy"), pytest.raises(Refused, match="exported by"):
        prune(other, dry=False, notify=lambda _line: None)


def test_a_prune_that_lost_its_lease_deletes_nothing_more(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, other = opened(sqlite, atLeast=1), opened(sqlite)
    several(source, sqlite, 4)
    verified(source)
    monkeypatch.setattr("mooring.operate.export.source.TERM", 0.05)
    delete, gone = source.destination.delete, list[str]()

    def slow(name: str) -> bool:
        gone.append(name)
        time.sleep(0.1)
        Lease(other, "copy").renew()
        return delete(name)

    monkeypatch.setattr(source.destination, "delete", slow)
    with pytest.raises(Refused, match="exported by"):
        pruned(source, monkeypatch)
    assert len(gone) == 1


def test_a_manifest_that_was_edited_is_named_before_anything_is_deleted(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = opened(sqlite, atLeast=1)
    ids = several(source, sqlite, 4)
    verified(source)
    path = tmp_path / f"copies/local/copies/conversations/{ids[-1]}.json"
    path.write_text(path.read_text().replace('"rows"', '"lines"'))
    with pytest.raises(Refused, match="not as it was written") as refused:
        pruned(source, monkeypatch)
    assert f"delete copies/conversations/{ids[-1]}.json" in refused.value.fix
    assert Shelf(source.destination).ids() == ids


def test_object_lock_is_honoured(sqlite: Address, opened: Open, s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = s3.bucket(lock=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 3000}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    bucket.client.put_object_lock_configuration(Bucket=bucket.name, ObjectLockConfiguration=lock)
    source = opened(sqlite, KEYS, destination=bucket.destination, atLeast=1)
    ids = several(source, sqlite, 2)
    verified(source)
    done = pruned(source, monkeypatch)
    assert done.locked > 0
    assert Shelf(source.destination).ids() == ids
