"""Releases are in the database; the files that processes start from are copies, which may be lost and not altered."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.store import Store
from mooring.state.engine.engine import url_of
from mooring.state.records import releases
from mooring.state.stored_releases import Releases
from mooring.state.transactions import Transactions

Edit = Callable[[dict[str, Any]], ReleaseContent]


@pytest.fixture
def release(content: ReleaseContent) -> Release:
    return Release.of(content)


@pytest.fixture
def database(database_url: str) -> Transactions:
    return Transactions(database_url)


@pytest.fixture
def stored(database: Transactions, tmp_path: Path) -> Releases:
    return Releases(database, Store(tmp_path / "here"))


def altered(database: Transactions, digest: str, content: bytes) -> None:
    changed = sa.update(releases.RELEASES).where(releases.RELEASES.c.digest == digest).values(content=content)
    database.write(lambda connection: connection.execute(changed))


def test_another_machine_finds_what_this_one_stored(
    database: Transactions, stored: Releases, release: Release, tmp_path: Path
) -> None:
    stored.put(release)
    there = Releases(database, Store(tmp_path / "there"))
    assert there.digests() == [release.digest]
    assert there.find(release.digest[7:17]) == release.digest
    assert there.get(release.digest[7:17]) == release
    assert Store(tmp_path / "there").get(release.digest) == release


def test_nothing_is_lost_with_the_copies(stored: Releases, release: Release) -> None:
    stored.put(release)
    shutil.rmtree(stored.files.folder)
    stored.fetch(release.digest)
    assert stored.files.get(release.digest) == release
    shutil.rmtree(stored.files.folder)
    assert stored.get(release.digest) == release


def test_putting_twice_changes_nothing(database: Transactions, stored: Releases, release: Release) -> None:
    when = sa.select(releases.RELEASES.c.stored)
    stored.put(release)
    first = database.read(lambda connection: connection.execute(when).scalars().all())
    stored.put(release)
    assert database.read(lambda connection: connection.execute(when).scalars().all()) == first


def test_an_altered_row_is_refused_whoever_asks(
    database: Transactions, stored: Releases, release: Release, edit: Edit, tmp_path: Path
) -> None:
    stored.put(release)
    other = Release.of(edit({"agents.support.variables.shop": "Other"}))
    for content in (other.to_bytes(), release.to_bytes() + b" ", b""):
        altered(database, release.digest, content)
        there = Releases(database, Store(tmp_path / "there"))
        for use in (there.get, stored.verified, lambda _digest: stored.put(release)):
            with pytest.raises(Refused, match="something else under the name") as caught:
                use(release.digest)
            assert caught.value.reason is Reason.TAMPERED
    assert not (tmp_path / "there").exists()
    assert stored.get(release.digest) == release


def test_an_altered_copy_is_refused_and_comes_again_once_it_is_deleted(stored: Releases, release: Release) -> None:
    stored.put(release)
    path = stored.files.put(release)
    path.write_bytes(path.read_bytes() + b" ")
    for use in (stored.get, lambda _digest: stored.put(release)):
        with pytest.raises(Refused, match="does not hold what its name says"):
            use(release.digest)
    path.unlink()
    assert stored.get(release.digest) == release


def test_a_copy_serves_while_the_database_does_not_answer(tmp_path: Path, release: Release) -> None:
    stored = Releases(Transactions(url_of(tmp_path / "state", None)), Store(tmp_path / "here"))
    stored.put(release)
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (tmp_path / "state" / name).unlink(missing_ok=True)
    (tmp_path / "state/state.db").mkdir()
    again = Releases(Transactions(url_of(tmp_path / "state", None)), Store(tmp_path / "here"))
    assert again.get(release.digest) == release
    for use in (again.find, again.verified, lambda _digest: again.put(release)):
        with pytest.raises(Failed, match="releases cannot be read or written") as caught:
            use(release.digest)
        assert caught.value.reason is Reason.STORAGE


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:0", "../../etc/passwd", "zz"])
def test_an_unknown_digest_is_a_usage_error(stored: Releases, release: Release, digest: str) -> None:
    if not release.digest.startswith("sha256:0"):
        stored.put(release)
    with pytest.raises(UsageError):
        stored.get(digest)


def test_looking_for_a_release_makes_no_database(tmp_path: Path) -> None:
    stored = Releases(Transactions(url_of(tmp_path / "state", None)), Store(tmp_path / "here"))
    assert stored.digests() == []
    assert list(tmp_path.iterdir()) == []
