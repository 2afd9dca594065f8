"""A run that began on another machine finds its release here."""

import asyncio
import logging
from pathlib import Path

import pytest

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.store import Store
from mooring.runtime.memory.stored_releases import StoredReleases
from mooring.state.database import Database
from mooring.state.records import releases


def fetched(database: Database, folder: Path, digest: str, stored: Release | None = None) -> list[str]:
    """What is in the folder once a process has asked for the release."""

    async def story() -> list[str]:
        if stored:
            await database.write(lambda c: releases.put(c, stored.digest, stored.to_bytes(), 1.0))
        await StoredReleases(database, folder).fetch(digest)
        await database.close()
        return Store(folder / "releases").digests()

    return asyncio.run(story())


def test_a_release_that_another_machine_stored_is_brought_here(
    database_url: str, tmp_path: Path, content: ReleaseContent
) -> None:
    release = Release.of(content)
    assert fetched(Database(database_url), tmp_path / "b", release.digest, release) == [release.digest]
    assert Store(tmp_path / "b/releases").get(release.digest) == release


def test_one_that_nobody_stored_is_not_made_up(database_url: str, tmp_path: Path) -> None:
    assert fetched(Database(database_url), tmp_path / "b", f"sha256:{'0' * 64}") == []


def test_one_that_is_here_needs_no_database(tmp_path: Path, content: ReleaseContent) -> None:
    release = Release.of(content)
    Store(tmp_path / "b/releases").put(release)
    assert fetched(Database(None), tmp_path / "b", release.digest) == [release.digest]


def test_a_database_that_does_not_answer_is_said_and_brings_nothing(
    tmp_path: Path, content: ReleaseContent, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert fetched(Database(None), tmp_path / "b", Release.of(content).digest) == []
    assert "cannot be fetched" in caplog.text
