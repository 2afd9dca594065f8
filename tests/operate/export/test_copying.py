"""Copies are consistent, complete and shipped once; what was copied comes back as it was."""

import os
import threading
from pathlib import Path

import pytest

from mooring.errors import Failed, Refused
from mooring.operate.export.copying import copy
from mooring.operate.export.restore import choose, restore
from mooring.operate.export.seal import Opener
from mooring.operate.export.source import Source
from mooring.outcome import Reason
from mooring.state.place.address import Address
from mooring.state.records import changes
from tests.operate.export.conftest import Open, fill, said
from tests.operate.export.s3 import KEYS, Bucket, Server


def back(source: Source, where: Address, tmp_path: Path, key: str | None = None, upto: str | None = None) -> None:
    """Restores what `source` has exported."""
    (scratch := tmp_path / "scratch").mkdir(exist_ok=True)
    chosen = choose(source.destination, upto)
    restore(source.destination, chosen, where, scratch, Opener(key), lambda _line: None)


@pytest.mark.slow
def test_what_was_copied_comes_back(address: Address, another: Address, opened: Open, tmp_path: Path) -> None:
    fill(address, 300, each=3)
    source = opened(address)
    copy(source)
    back(source, another, tmp_path)
    assert said(another) == said(address)


@pytest.mark.slow
def test_it_comes_back_from_a_bucket_and_encrypted(
    address: Address, another: Address, opened: Open, bucket: Bucket, tmp_path: Path, key: tuple[str, str]
) -> None:
    fill(address, 20)
    public, private = key
    source = opened(address, KEYS, destination=bucket.destination, encryption={"recipients": [public]})
    copy(source)
    assert bucket.everything()
    with pytest.raises(Refused, match="encrypted") as refused:
        back(source, another, tmp_path)
    assert refused.value.reason is Reason.GUARDED
    back(source, another, tmp_path, private)
    assert said(another) == said(address)


def test_what_is_stored_cannot_be_read_without_the_key(
    sqlite: Address, opened: Open, tmp_path: Path, key: tuple[str, str]
) -> None:
    fill(sqlite, 5)
    copy(opened(sqlite, encryption={"recipients": [key[0]]}))
    stored = [path.read_bytes() for path in (tmp_path / "copies").rglob("*") if path.is_file() and "parts" in str(path)]
    assert stored
    assert all(data.startswith(b"age-encryption.org/v1") for data in stored)


@pytest.mark.slow
def test_nothing_is_sent_twice(address: Address, opened: Open) -> None:
    fill(address, 50)
    source = opened(address)
    assert copy(source).sent > 0
    assert copy(source).sent == 0
    fill(address, 1, first=60)
    assert 0 < copy(source).sent <= 2


@pytest.mark.slow
def test_of_much_that_is_there_only_what_changed_is_sent(address: Address, opened: Open) -> None:
    fill(address, 9000, size=400)
    source = opened(address)
    first = copy(source)
    fill(address, 10, first=9000)
    again = copy(source)
    assert again.bytes < first.bytes / 2


def test_the_manifest_comes_last_so_what_is_half_exported_is_no_copy(
    sqlite: Address, opened: Open, tmp_path: Path
) -> None:
    fill(sqlite, 10)
    source = opened(sqlite)
    (tmp_path / "copies/local/copies").mkdir(parents=True)
    (tmp_path / "copies/local/copies/conversations").write_text("in the way")
    with pytest.raises(Failed) as failed:
        copy(source)
    assert failed.value.reason is Reason.DESTINATION
    with pytest.raises(Refused, match="there is no copy"):
        choose(source.destination)
    (tmp_path / "copies/local/copies/conversations").unlink()
    assert copy(source).sent == 0, "the parts were there"


@pytest.mark.slow
def test_two_exports_at_once_are_refused_with_the_owners_name(address: Address, opened: Open) -> None:
    fill(address, 1)
    source, other = opened(address), opened(address)
    with source.lease("copy"), pytest.raises(Refused, match="exported by") as refused:
        copy(other)
    assert source.owner in str(refused.value)
    assert refused.value.reason is Reason.LOCKED
    copy(other)


@pytest.mark.slow
def test_a_new_database_does_not_take_the_place_of_copies_of_the_lost_one(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    fill(address, 3)
    copy(opened(address))
    lost = opened(another)
    with pytest.raises(Refused, match="another database") as refused:
        copy(lost)
    assert "restore" in refused.value.fix
    copy(lost, adopt=True)
    copy(lost)


def test_a_bucket_that_is_not_there_is_said(sqlite: Address, opened: Open, s3: Server) -> None:
    fill(sqlite, 1)
    gone = s3.bucket()
    gone.client.delete_bucket(Bucket=gone.name)
    with pytest.raises(Failed) as failed:
        copy(opened(sqlite, KEYS, destination=gone.destination))
    assert failed.value.reason is Reason.DESTINATION
    assert gone.name in str(failed.value)
    assert KEYS["SECRET"] not in str(failed.value)


def test_credentials_that_are_not_set_are_named(sqlite: Address, opened: Open, bucket: Bucket) -> None:
    with pytest.raises(Failed, match="ACCESS is not set"):
        opened(sqlite, destination=bucket.destination)


def test_the_copy_says_what_it_was_made_of(address: Address, opened: Open) -> None:
    fill(address, 4, each=2)
    source = opened(address)
    made = {one.collection: one for one in copy(source).manifests}
    assert made["conversations"].tables["turns"]["rows"] == 8
    assert made["conversations"].engine == ("sqlite" if address.file else "postgresql")
    known = source.read(lambda connection: changes.known(connection, "copy"))
    assert known is not None
    assert known["id"] == made["conversations"].id


def test_packing_comes_after_what_others_want_of_the_processor_and_copying_the_database_does_not(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite, 5)
    source, seen = opened(sqlite), list[tuple[bool, int]]()
    packed = source.destination.put

    def put(name: str, data: bytes, replace: bool = False) -> bool:
        seen.append(("parts" in name, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        return packed(name, data, replace=replace)

    monkeypatch.setattr(source.destination, "put", put)
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    copy(source)
    assert {nice for part, nice in seen if part} == {19}
    assert {nice for part, nice in seen if not part} == {mine}


def test_which_database_it_is_is_written_once(sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    source = opened(sqlite)
    known = source.origin()
    monkeypatch.setattr(source, "write", None)
    assert source.origin() == known
