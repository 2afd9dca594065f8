"""What cannot be restored is named, and nothing is replaced by it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.errors import Failed, Refused
from mooring.operate.export.copying import copy
from mooring.operate.export.manifest import place
from mooring.operate.export.restore import choose, restore
from mooring.operate.export.seal import Opener
from mooring.operate.export.shelf import Shelf
from mooring.operate.export.stream import Stream
from mooring.outcome import Reason
from mooring.state.copies.rebuild import rows
from mooring.state.place.address import Address
from mooring.state.records.ledger_tables import LEASES
from mooring.state.transactions import Transactions
from tests.operate.export.conftest import Open, fill, said
from tests.operate.export.s3 import KEYS, Bucket
from tests.operate.export.test_copying import back
from tests.postgres import Cluster
from tests.repository import HOME


def stored(tmp_path: Path, name: str) -> Path:
    return tmp_path / "copies/local" / name


def a_part(tmp_path: Path) -> Path:
    return max((path for path in stored(tmp_path, "parts/conversations").rglob("*") if path.is_file()), key=size)


def size(path: Path) -> int:
    return path.stat().st_size


@pytest.mark.slow
def test_a_corrupt_part_is_named_and_the_copy_before_it_offered(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    fill(address, 3)
    source = opened(address)
    old = copy(source).manifests[0]
    fill(address, 200, first=10)
    new = copy(source).manifests[0]
    fill(another, 1)
    only = {part.mark for part in new.parts} - {part.mark for part in old.parts}
    part = max((path for path in stored(tmp_path, "parts").rglob("*") if path.name in only), key=size)
    part.write_bytes(part.read_bytes()[:-9] + b"corrupted")
    before = said(another)
    with pytest.raises(Refused) as refused:
        back(source, another, tmp_path)
    assert refused.value.reason is Reason.TAMPERED
    assert part.name in str(refused.value)
    assert refused.value.fix == f"the copy before it is whole: --copy {old.id}"
    assert said(another) == before, "what was there stays as it was"
    back(source, another, tmp_path, upto=old.id)
    assert len(said(another)) == 3


def test_a_part_that_is_gone_is_sent_again_and_one_that_is_cut_too(
    sqlite: Address, opened: Open, tmp_path: Path
) -> None:
    fill(sqlite, 50)
    source = opened(sqlite)
    copy(source)
    a_part(tmp_path).unlink()
    assert copy(source).sent == 1
    part = a_part(tmp_path)
    part.write_bytes(part.read_bytes()[:100])
    assert copy(source).sent == 1
    back(source, Address(f"sqlite:///{tmp_path / 'other.db'}", "local"), tmp_path)


def test_without_any_whole_copy_all_parts_can_be_sent_again(sqlite: Address, opened: Open, tmp_path: Path) -> None:
    fill(sqlite, 50)
    source, other = opened(sqlite), Address(f"sqlite:///{tmp_path / 'other.db'}", "local")
    copy(source)
    part = a_part(tmp_path)
    part.write_bytes(bytes(size(part)))
    assert copy(source).sent == 0
    with pytest.raises(Refused) as refused:
        back(source, other, tmp_path)
    assert "--resend" in refused.value.fix
    copy(source, resend=True)
    back(source, other, tmp_path)
    assert said(other) == said(sqlite)


@pytest.mark.parametrize("field", ["tables", "parts", "checksum"])
def test_a_manifest_that_was_edited_by_hand_is_refused(
    field: str, sqlite: Address, opened: Open, tmp_path: Path
) -> None:
    fill(sqlite, 3)
    source = opened(sqlite)
    old = copy(source).manifests[0]
    manifest = copy(source).manifests[0]
    path = stored(tmp_path, place(manifest.name))
    data = json.loads(path.read_text())
    if field == "tables":
        data["tables"]["turns"]["rows"] = 2
    elif field == "parts":
        data["files"][0]["parts"] = []
    else:
        del data["checksum"]
    path.write_text(json.dumps(data))
    with pytest.raises(Refused, match="not as it was written") as refused:
        choose(source.destination)
    assert refused.value.reason is Reason.TAMPERED
    assert refused.value.fix == f"the copy before it is whole: --copy {old.id}"


@pytest.mark.slow
def test_a_copy_of_a_newer_schema_is_refused_with_the_version_to_use(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    fill(address, 3)
    source = opened(address)
    for manifest in copy(source).manifests:
        changed = replace(manifest, migrations=(*manifest.migrations, "wings"), code="9.1.0")
        stored(tmp_path, place(manifest.name)).write_bytes(changed.write())
    fill(another, 2)
    with pytest.raises(Refused, match="wings") as refused:
        back(source, another, tmp_path)
    assert refused.value.reason is Reason.STALE
    assert refused.value.fix == "use Mooring 9.1.0"
    assert len(said(another)) == 2


def test_the_wrong_key_is_told_from_a_corrupt_part(
    sqlite: Address, opened: Open, tmp_path: Path, key: tuple[str, str]
) -> None:
    import pyrage

    fill(sqlite, 3)
    source = opened(sqlite, encryption={"recipients": [key[0]]})
    copy(source)
    other = Address(f"sqlite:///{tmp_path / 'other.db'}", "local")
    for wrong in (str(pyrage.x25519.Identity.generate()), "AGE-SECRET-KEY-NONE"):
        with pytest.raises(Refused) as refused:
            back(source, other, tmp_path, wrong)
        assert refused.value.reason is Reason.GUARDED
        assert wrong not in str(refused.value)


@pytest.mark.slow
def test_what_was_replaced_is_kept_beside_it(address: Address, another: Address, opened: Open, tmp_path: Path) -> None:
    fill(address, 3)
    source = opened(address)
    copy(source)
    fill(another, 7)
    back(source, another, tmp_path)
    assert len(said(another)) == 3
    if another.file:
        (kept,) = another.file.parent.glob(f"{another.file.name}.before-*")
        assert len(said(Address(f"sqlite:///{kept}", "local"))) == 7


def test_a_broken_file_is_replaced_and_kept_beside(sqlite: Address, opened: Open, tmp_path: Path) -> None:
    fill(sqlite, 5)
    source = opened(sqlite)
    copy(source)
    other = Address(f"sqlite:///{tmp_path / 'broken.db'}", "local")
    assert rows(other) == 0
    (tmp_path / "broken.db").write_bytes(b"no database" * 500)
    assert rows(other) is None
    back(source, other, tmp_path)
    assert said(other) == said(sqlite)
    (kept,) = tmp_path.glob("broken.db.before-*")
    assert kept.read_bytes() == b"no database" * 500


def test_a_copy_of_another_engine_is_refused(sqlite: Address, opened: Open, tmp_path: Path) -> None:
    fill(sqlite, 1)
    source = opened(sqlite)
    copy(source)
    with pytest.raises(Refused, match="the copies are of sqlite") as refused:
        back(source, Address("postgresql://nobody@127.0.0.1:1/none", "local"), tmp_path)
    assert "moor state move" in refused.value.fix


def test_a_bucket_that_vanishes_midway_leaves_what_was_there(
    sqlite: Address, opened: Open, bucket: Bucket, tmp_path: Path
) -> None:
    fill(sqlite, 30)
    source = opened(sqlite, KEYS, destination=bucket.destination)
    copy(source)
    chosen = choose(source.destination)
    for name in bucket.everything():
        bucket.client.delete_object(Bucket=bucket.name, Key=name)
    bucket.client.delete_bucket(Bucket=bucket.name)
    other = Address(f"sqlite:///{tmp_path / 'other.db'}", "local")
    fill(other, 2)
    (scratch := tmp_path / "scratch").mkdir()
    with pytest.raises((Failed, Refused)):
        restore(source.destination, chosen, other, scratch, Opener(None), lambda _line: None)
    assert len(said(other)) == 2
    assert not list(tmp_path.glob("*.restoring*"))


FULL = """
import resource, sys
from pathlib import Path
from mooring.errors import Failed
from mooring.operate.export.copying import copy
from mooring.operate.export.source import Source
from mooring.state.copies.rebuild import rows
from mooring.state.place.address import Address
from mooring.state.records.ledger_tables import LEASES
from mooring.state.transactions import Transactions
from tests.operate.export.conftest import document

url, copies, state = sys.argv[1:]
source = Source("local", Address(url, "local"), document(destination={"url": copies}), Path(state))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    copy(source)
except Failed as failed:
    print(failed)
"""
"""Copies where no file gets more than some bytes: a disk that is full ends a write in the same way."""


@pytest.mark.slow
def test_a_full_destination_is_said_and_what_was_there_stays(cluster: Cluster, opened: Open, tmp_path: Path) -> None:
    address = Address(cluster.fresh(), "local")
    fill(address, 3)
    source = opened(address)
    old = copy(source).manifests[0].id
    fill(address, 2000, first=10, size=300)
    command = [sys.executable, "-c", FULL, address.url, (tmp_path / "copies").as_uri(), str(tmp_path / "state")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=HOME)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("cannot write parts/conversations/")
    assert "too large" in done.stdout
    assert [one.id for one in choose(source.destination).manifests if one.collection == "conversations"] == [old]
    assert Shelf(source.destination).ids() == [old]
    copy(source)
    another = Address(cluster.fresh(), "local")
    back(source, another, tmp_path)
    assert said(another) == said(address)


@pytest.mark.slow
def test_after_a_restore_leases_have_higher_tokens_than_anybody_has_seen(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    entry = """insert into ledger values ('local', 7, '{"token": 41}', 'before', 'after')"""
    source = opened(address)
    source.write(lambda connection: connection.exec_driver_sql(entry))
    source.write(lambda connection: connection.exec_driver_sql("insert into chains values ('local', 7, 'after')"))
    copy(source)
    back(source, another, tmp_path)
    database = Transactions(another)
    (lease,) = database.read(lambda connection: connection.execute(sa.select(LEASES)).all())
    database.close()
    assert (lease.environment, lease.until) == ("local", 0.0)
    assert lease.token > 41 + 100_000


def test_a_corrupt_segment_is_named_with_what_to_do(sqlite: Address, opened: Open, tmp_path: Path) -> None:
    source = opened(sqlite)
    stream = Stream(source)
    progress = stream.begin()
    copy(source)
    fill(sqlite, 2)
    stream.ship(progress)
    (segment,) = (path for path in stored(tmp_path, "stream").rglob("*") if path.is_file())
    segment.write_bytes(segment.read_bytes()[:-1] + b"!")
    with pytest.raises(Refused, match="is corrupt") as refused:
        back(source, Address(f"sqlite:///{tmp_path / 'other.db'}", "local"), tmp_path)
    assert "without the stream" in refused.value.fix
