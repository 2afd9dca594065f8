"""The store writes a release once and whole, or not at all, and gives back nothing that was changed."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.store import Store
from mooring.release.verify import verify_file

Edit = Callable[[dict[str, Any]], ReleaseContent]


@pytest.fixture
def release(content: ReleaseContent) -> Release:
    return Release.of(content)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "releases")


def test_what_is_put_is_what_one_gets(store: Store, release: Release) -> None:
    path = store.put(release)
    assert path.name == f"{release.digest.removeprefix('sha256:')}.json"
    assert path.read_bytes() == release.to_bytes()
    assert store.get(release.digest) == release
    assert store.digests() == [release.digest]


def test_putting_twice_writes_once(store: Store, release: Release) -> None:
    before = store.put(release).stat()
    assert store.put(release).stat().st_ino == before.st_ino
    assert [path.name for path in store.folder.iterdir()] == [f"{release.digest[7:]}.json"]


def test_a_unique_beginning_is_enough(store: Store, release: Release) -> None:
    store.put(release)
    assert store.get(release.digest[7:15]) == release
    assert store.get(release.digest[:15]) == release


def test_a_beginning_of_several_releases_lists_them(store: Store, edit: Edit) -> None:
    releases = [Release.of(edit({"agents.support.variables.shop": n})) for n in range(17)]
    for release in releases:
        store.put(release)
    firsts = [release.digest[7] for release in releases]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    matching = [release.digest for release in releases if release.digest[7] == shared]
    with pytest.raises(UsageError) as caught:
        store.get(shared)
    assert all(digest in str(caught.value) for digest in matching)


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:0", "../../etc/passwd", "zz"])
def test_an_unknown_digest_is_a_usage_error(store: Store, release: Release, digest: str) -> None:
    if not release.digest.startswith("sha256:0"):
        store.put(release)
    with pytest.raises(UsageError):
        store.get(digest)


def test_a_store_that_does_not_exist_yet_is_empty(store: Store) -> None:
    assert store.digests() == []


def test_other_files_in_the_folder_are_not_releases(store: Store, release: Release) -> None:
    store.put(release)
    (store.folder / "notes.json").write_text("{}", encoding="utf-8")
    (store.folder / ".release-half").write_bytes(b"{")
    assert store.digests() == [release.digest]


@pytest.mark.parametrize(
    "tamper",
    [
        lambda data: data.replace(b'"approval":"human"', b'"approval":"none" '),
        lambda data: data + b"\n",
        lambda data: data[:-100],
        lambda data: b"",
    ],
    ids=["a value", "a newline", "cut", "emptied"],
)
def test_a_changed_file_is_refused(store: Store, release: Release, tamper: Callable[[bytes], bytes]) -> None:
    path = store.put(release)
    path.write_bytes(tamper(path.read_bytes()))
    for use in (lambda: store.get(release.digest), lambda: store.put(release), lambda: verify_file(path)):
        with pytest.raises(Refused, match="does not hold what its name says") as caught:
            use()
        assert caught.value.reason is Reason.TAMPERED


def test_a_release_under_the_name_of_another_is_refused(store: Store, release: Release, edit: Edit) -> None:
    other = Release.of(edit({"agents.support.variables.shop": "Other"}))
    store.put(release).write_bytes(other.to_bytes())
    with pytest.raises(Refused):
        store.get(release.digest)


def test_content_that_is_not_canonical_is_refused_even_under_its_own_digest(tmp_path: Path, release: Release) -> None:
    from mooring.release.canonical import digest

    data = release.to_bytes() + b" "
    path = tmp_path / f"{digest(data)[7:]}.json"
    path.write_bytes(data)
    with pytest.raises(Refused, match="not in canonical form") as caught:
        verify_file(path)
    assert caught.value.reason is Reason.TAMPERED


def test_a_file_that_claims_no_digest_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="named by its digest"):
        verify_file(tmp_path / "release.json")


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="No such file") as caught:
        verify_file(tmp_path / f"{'0' * 64}.json")
    assert caught.value.reason is Reason.STORAGE


def test_a_full_disk_leaves_nothing_behind(store: Store, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed, match="No space left on device") as caught:
        store.put(release)
    assert caught.value.reason is Reason.STORAGE
    assert "\n" not in str(caught.value)
    assert list(store.folder.iterdir()) == []


def test_a_store_that_cannot_be_a_folder_is_one_line(tmp_path: Path, release: Release) -> None:
    (tmp_path / "releases").write_text("in the way", encoding="utf-8")
    with pytest.raises(Failed) as caught:
        Store(tmp_path / "releases" / "local").put(release)
    assert caught.value.reason is Reason.STORAGE
    assert "\n" not in str(caught.value)
