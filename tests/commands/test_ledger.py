"""Commands find the ledger wherever the environment keeps its state, and say in one line why they cannot."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import Cluster

NAMED = "database:\n  secretRef: env:STATE_URL\n"
DOCUMENT = "configs/environments/local.yaml"


@pytest.fixture
def state(repo: Any) -> Iterator[Path]:
    """The state folder of `local`, which the repositories of other tests do not have."""
    folder = repo.root / ".mooring/local"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(repo: Any, state: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> str:
    """The environment local names a PostgreSQL server, whose URL is returned."""
    with (repo.root / DOCUMENT).open("a") as document:
        document.write(NAMED)
    repo.commit("a server")
    monkeypatch.chdir(repo.root)
    url = cluster.fresh()
    monkeypatch.setenv("STATE_URL", url)
    return url


@pytest.mark.slow
def test_the_ledger_is_in_the_database_that_the_document_names(server: str, moor: Any, state: Path) -> None:
    assert moor("history", "local", "--verify").out.endswith("0 entries, an unbroken chain\n")
    assert [path.name for path in state.iterdir()] == ["database.json"]


@pytest.mark.slow
def test_a_missing_variable_is_named_and_no_empty_ledger_is_made(
    server: str, moor: Any, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_URL")
    for command in (("history", "local"), ("rollback", "local"), ("deploy", "local")):
        said = moor(*command)
        assert said.code == 1, command
        assert "environment variable STATE_URL is not set" in said.error
    assert not state.exists()


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["{", "apiVersion: mooring/v1\n", None])
def test_a_broken_document_leads_nobody_to_another_database(
    server: str, moor: Any, repo: Any, state: Path, broken: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert moor("history", "local").code == 0
    if broken is None:
        (repo.root / DOCUMENT).unlink()
    else:
        (repo.root / DOCUMENT).write_text(broken)
    assert moor("history", "local", "--verify").code == 0
    assert moor("status", "local").code == 0
    assert moor("down", "local").code == 0
    assert "not running here" in moor("rollback", "local").error
    monkeypatch.delenv("STATE_URL")
    for command in ("history", "rollback", "down"):
        assert "STATE_URL is not set" in moor(command, "local").error
    assert [path.name for path in state.iterdir()] == ["database.json"]


def test_a_document_that_cannot_be_read_before_anything_was_kept_is_said(
    repo: Any, moor: Any, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.root)
    (repo.root / DOCUMENT).write_text("{")
    said = moor("history", "local")
    assert said.code == 2
    assert "local.yaml cannot be read" in said.error
    assert not state.exists()


@pytest.mark.slow
def test_a_document_that_names_another_database_is_not_deployed(
    server: str, moor: Any, repo: Any, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    assert moor("history", "local").code == 0
    repo.edit(DOCUMENT, "env:STATE_URL", "env:OTHER_URL")
    repo.commit("another server")
    monkeypatch.setenv("OTHER_URL", cluster.fresh())
    said = moor("deploy", "local", "--json")
    assert (said.code, said.json["reason"]) == (1, "stale")
    assert (
        "keeps its state in PostgreSQL ($STATE_URL), its document says PostgreSQL ($OTHER_URL)" in said.json["message"]
    )
    assert moor("history", "local").code == 0


@pytest.mark.slow
def test_a_server_that_is_down_is_one_line_within_seconds(
    server: str, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert moor("history", "local").code == 0
    monkeypatch.setenv("STATE_URL", "postgresql://mooring:hunter2@127.0.0.1:1/app")
    for command in ("history", "deploy", "rollback", "down"):
        started = time.monotonic()
        said = moor(command, "local", "--json")
        assert (said.code, said.json["reason"]) == (1, "storage"), command
        assert "cannot use PostgreSQL ($STATE_URL): the database cannot be reached" in said.json["message"]
        assert "hunter2" not in said.out + said.err
        assert time.monotonic() - started < 5
    shown = moor("status", "local")
    assert shown.code == 0
    assert "cannot use PostgreSQL ($STATE_URL): the database cannot be reached" in shown.out
