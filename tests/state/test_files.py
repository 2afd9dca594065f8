"""A folder of an earlier version: its releases, the evidence about them and its keys are in the database afterwards."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mooring.evaluate.attestation import Asked, Attestation, Attestations
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.store import Store
from mooring.runtime.core.keys import Keys, StoredKey, new_key
from mooring.state.database import Database
from mooring.state.records import evidence, keys, keys_copy, releases
from mooring.state.transactions import Transactions


@pytest.fixture
def release(content: ReleaseContent) -> Release:
    return Release.of(content)


@pytest.fixture
def verdict(release: Release) -> Attestation:
    asked = {"support/smoke": Asked("sha256:1", 3, 3, 0, 0)}
    return Attestation(release.digest, "local", "simulated", "pass", "pass", None, asked, 1, "2026-01-01T00:00:00Z")


def key(name: str) -> tuple[str, StoredKey]:
    secret, number, hashed = new_key()
    return secret, StoredKey(id=number, name=name, tenant="shop", role="caller", hash=hashed, created=1.0)


SITE, APP = key("site")[1], key("app")[1]


@pytest.fixture
def folder(tmp_path: Path, release: Release, verdict: Attestation) -> Path:
    """As version 0.1 left it."""
    made = tmp_path / "old"
    Store(made / "releases").put(release)
    Attestations(made / "evaluations").put(verdict)
    data = {"keys": [each.model_dump(mode="json") for each in (SITE, APP)]}
    (made / "keys.json").write_text(json.dumps(data, indent=2) + "\n")
    return made


def test_everything_is_in_the_database_after_the_first_start(
    folder: Path, database_url: str, release: Release, verdict: Attestation
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.json") if path.name != "keys.json"}
    database = Transactions(database_url, folder)
    assert database.read(lambda c: releases.get(c, release.digest)) == release.to_bytes()
    assert database.read(lambda c: evidence.get(c, verdict.digest)) == verdict.to_bytes()
    assert database.read(lambda c: evidence.newest(c, release.digest, "simulated")) == verdict.to_bytes()
    assert database.read(lambda c: evidence.newest(c, release.digest, "live")) is None
    assert set(Keys(database, folder).read()) == {SITE, APP}
    assert {path: path.read_bytes() for path in before} == before


def test_a_process_of_the_earlier_version_still_finds_its_keys(folder: Path, database_url: str) -> None:
    """It validates what `keys` holds, and knows no other key of the file."""
    database = Transactions(database_url, folder)
    made = key("new")[1]
    Keys(database, folder).change(lambda all_keys: [*all_keys, made])
    found = json.loads((folder / "keys.json").read_text())["keys"]
    assert {StoredKey.model_validate(each) for each in found} == {SITE, APP, made}


def test_a_key_that_was_revoked_is_not_brought_back_by_an_old_file(folder: Path, database_url: str) -> None:
    old = (folder / "keys.json").read_text()
    database = Transactions(database_url, folder)
    Keys(database, folder).change(lambda all_keys: [each for each in all_keys if each.name != "app"])
    for _ in range(2):
        (folder / "keys.json").write_text(old)
        assert Keys(Transactions(database_url, folder), folder).read() == (SITE,)
    copied = keys_copy.read(folder)
    assert copied
    assert set(copied.keys) == {SITE.hash}


def test_what_another_start_finds_again_is_not_copied_again(folder: Path, database_url: str, release: Release) -> None:
    stored = [Transactions(database_url, folder).read(releases.digests) for _ in range(2)]
    assert stored == [[release.digest]] * 2
    number = Transactions(database_url, folder).read(keys.changes)
    assert Transactions(database_url, folder).read(keys.changes) == number


@pytest.mark.parametrize("damaged", ["keys.json", "releases", "evaluations"])
def test_what_cannot_be_read_stays_and_the_rest_is_taken_over(
    folder: Path, database_url: str, damaged: str, release: Release, verdict: Attestation
) -> None:
    path = folder / damaged
    path = next(path.iterdir()) if path.is_dir() else path
    path.write_text("{")
    database = Transactions(database_url, folder)
    assert database.read(releases.digests) == ([] if damaged == "releases" else [release.digest])
    kept = database.read(lambda c: evidence.get(c, verdict.digest))
    assert (kept is None) == (damaged in ("releases", "evaluations"))
    assert bool(Keys(database, folder).read()) == (damaged != "keys.json")
    assert path.read_text() == "{"


def test_keys_that_cannot_be_read_are_not_written_over(folder: Path, database_url: str) -> None:
    (folder / "keys.json").write_text("{")
    changed = Keys(Transactions(database_url, folder), folder)
    with pytest.raises(ValueError, match="is damaged"):
        changed.change(lambda all_keys: [*all_keys, key("new")[1]])
    assert (folder / "keys.json").read_text() == "{"
    assert changed.read() == ()


def test_changes_of_two_machines_at_once_are_both_there(database_url: str, tmp_path: Path) -> None:
    def machine(number: int) -> list[StoredKey]:
        here = Keys(Transactions(database_url), tmp_path / str(number))
        made = [key(f"key-{number}")[1] for _ in range(5)]
        for each in made:
            here.change(lambda all_keys, new=each: [*all_keys, new])  # type: ignore[misc]
        return made

    with ThreadPoolExecutor(3) as machines:
        made = [each for keys_of_one in machines.map(machine, range(3)) for each in keys_of_one]
    assert set(Keys(Transactions(database_url), tmp_path).read()) == set(made)


def test_a_slot_that_opens_the_database_takes_over_too(folder: Path, database_url: str, release: Release) -> None:
    async def story() -> None:
        database = Database(database_url, folder)
        assert await database.read(releases.digests) == [release.digest]
        await database.close()

    asyncio.run(story())
