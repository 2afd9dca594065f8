"""A lost environment comes back: what was said in it goes on, on both engines."""

import os
import shutil
import time
from collections.abc import Iterator

import httpx2
import psycopg
import pyrage
import pytest

from tests.commands.conftest import Moor
from tests.postgres import Cluster
from tests.remembering import remembering
from tests.repository import Repo, copied, until

ENCRYPTED = 'encryption: {recipients: ["env:COPIES_RECIPIENT"], identity: env:COPIES_IDENTITY}\n'


@pytest.fixture(params=["sqlite", "postgresql"])
def exported(request: pytest.FixtureRequest, tmp_path, monkeypatch, moor: Moor) -> Iterator[Repo]:
    """The environment local, up, with copies in a folder and encrypted."""
    repo = remembering(copied(tmp_path))
    identity = pyrage.x25519.Identity.generate()
    monkeypatch.setenv("COPIES_RECIPIENT", str(identity.to_public()))
    monkeypatch.setenv("COPIES_IDENTITY", str(identity))
    repo.export(tmp_path / "copies")
    with (repo.root / "configs/operations/copies.yaml").open("a") as copies:
        copies.write(ENCRYPTED)
    if request.param == "postgresql":
        monkeypatch.setenv("STATE_URL", request.getfixturevalue("cluster").fresh())
        with (repo.root / "configs/environments/local.yaml").open("a") as document:
            document.write("database: {secretRef: env:STATE_URL}\n")
    repo.commit("Copies")
    monkeypatch.chdir(repo.root)
    try:
        assert moor("up", "--json").code == 0
        yield repo
    finally:
        moor("down", "--json")


def _lose(repo: Repo) -> None:
    """Loses everything of an environment whose state is in a file, and only the database of one with a server.

    A supervisor there remembers the newest token that it saw.
    """
    if "database:" not in (repo.root / "configs/environments/local.yaml").read_text():
        shutil.rmtree(repo.root / ".mooring")
        return
    with psycopg.connect(os.environ["STATE_URL"], autocommit=True) as server:
        server.execute("drop schema mooring_local cascade")


def ask(moor: Moor, conversation: str, message: str) -> str:
    url = moor("status", "local", "--json").json["environments"][0]["url"]
    asked = {"model": "support", "messages": [{"role": "user", "content": message}]}
    body = {**asked, "user": "ann", "metadata": {"conversation": conversation}}
    answer = httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_wiped_environment_is_restored_and_what_was_said_and_remembered_goes_on(exported: Repo, moor: Moor) -> None:
    ask(moor, "first", "Where is order A-1001?")
    until(lambda: moor("state", "list", "local", "--json").json.get("copies", []) != [])
    ask(moor, "first", "And order A-1002?")
    for fact in ("dog", "cat"):
        assert ask(moor, fact, f"Remember: has a {fact}.") == "I will remember that."
    # The exporter's own copy may still be under way, which refuses this one.
    until(lambda: moor("state", "export", "local", "--json").code == 0)
    ask(moor, "second", "What can you do?")

    verified = moor("state", "verify", "local", "--json")
    assert verified.code == 0, verified.err
    assert verified.json["conversation"] in ("first", "second", "dog", "cat")
    assert 0 < verified.json["rto"] < 200
    assert verified.json["rpo"] < 30
    entry = moor("history", "local", "--verify", "--json").json["entries"][0]
    assert (entry["event"]["event"], entry["event"]["export"]) == ("proved", verified.json["id"])
    assert "a restore was proved" in moor("status", "local").out

    listed = moor("memory", "list", "local", "--user", "ann", "--json").json["memories"]
    (cat,) = [one["id"] for one in listed if "cat" in one["text"]]
    assert moor("memory", "forget", "local", "--id", cat, "--yes", "--json").code == 0

    assert "local is running" in moor("state", "restore", "local").error
    until(lambda: moor("status", "local", "--json").json["environments"][0]["exported"]["stream"] > time.time() - 3)
    time.sleep(3)
    moor("down")
    occupied = moor("state", "restore", "local")
    assert occupied.code == 1
    assert "rows would be replaced" in occupied.error
    assert "--overwrite local" in occupied.err
    _lose(exported)

    planned = moor("state", "restore", "local", "--overwrite", "local", "--dry-run")
    assert planned.code == 0
    assert "conversations/" in planned.out
    restored = moor("state", "restore", "local", "--overwrite", "local", "--json")
    assert restored.code == 0, restored.err
    assert moor("up", "--json").code == 0
    ask(moor, "first", "Thank you")
    assert ask(moor, "third", "What do you know about dog?") == "I know 1: has a dog."
    assert ask(moor, "fourth", "What do you know about cat?") == "I know 0:"
    ask(moor, "fifth", "Remember: has a bird.")
    assert ask(moor, "sixth", "What do you know about bird?") == "I know 1: has a bird."
    until(lambda: moor("state", "export", "local", "--json").code == 0)
    kept = moor("state", "list", "local", "--json").json["copies"]
    turns = {one["copy"].partition("/")[0]: one["rows"] for one in reversed(kept)}
    assert turns["conversations"] >= 2 + 4
    assert moor("history", "local", "--verify").code == 0


@pytest.mark.slow
def test_what_is_not_exported_is_said(tmp_path, monkeypatch, moor: Moor) -> None:
    monkeypatch.chdir(copied(tmp_path).root)
    for action in ("export", "list", "verify", "restore", "prune"):
        said = moor("state", action, "local")
        assert said.code == 2
        assert "names no export" in said.error


def test_production_without_its_key_says_which_variable(tmp_path, monkeypatch, moor: Moor) -> None:
    monkeypatch.chdir(copied(tmp_path).root)
    monkeypatch.delenv("MOORING_EXPORT_RECIPIENT", raising=False)
    said = moor("state", "export", "production")
    assert said.code == 1
    assert "MOORING_EXPORT_RECIPIENT is not set" in said.error


@pytest.mark.slow
def test_what_another_machine_serves_is_not_restored_under_it(
    tmp_path, monkeypatch, moor: Moor, cluster: Cluster
) -> None:
    repo = copied(tmp_path)
    repo.export(tmp_path / "copies")
    with (repo.root / "configs/environments/local.yaml").open("a") as document:
        document.write("database: {secretRef: env:STATE_URL}\n")
    monkeypatch.setenv("STATE_URL", url := cluster.fresh())
    monkeypatch.chdir(repo.root)
    assert moor("state", "export", "local", "--json").code == 0
    with psycopg.connect(url, options="-c search_path=mooring_local") as other:
        other.execute("insert into ledger values ('local', 1, '{}', 'before', 'after')")
        other.execute("insert into machines values ('m2', 'host2', '/state', null, 0, 0, 1, extract(epoch from now()))")
    refused = moor("state", "restore", "local", "--overwrite", "local")
    assert refused.code == 1
    assert "local is served from host2 (/state) too" in refused.error
    assert moor("state", "restore", "local", "--into", str(tmp_path / "no.db")).code == 1
