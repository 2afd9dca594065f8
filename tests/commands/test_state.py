"""`moor state`: where state is kept, and what is wrong with that place."""

import pytest

NAMED = "database:\n  secretRef: env:STATE_URL\n"


@pytest.fixture
def server(repo, monkeypatch, cluster) -> str:
    """The environment local names a PostgreSQL server, whose URL is returned."""
    document = repo.root / "configs/environments/local.yaml"
    document.write_text(document.read_text() + NAMED)
    monkeypatch.chdir(repo.root)
    url = cluster.fresh()
    monkeypatch.setenv("STATE_URL", url)
    return url


def test_every_environment_is_shown_and_none_is_made(repo, monkeypatch, moor):
    monkeypatch.chdir(repo.root)
    said = moor("state", "show")
    assert said.code == 0
    assert "SQLite" in said.out
    assert not (repo.root / ".mooring").exists()


def test_a_server_is_shown_by_its_schema_and_never_by_its_url(server, moor):
    said = moor("state", "show", "local", "--json")
    (shown,) = said.json["environments"]
    assert shown["engine"].startswith("PostgreSQL ")
    assert shown["where"] == "the schema mooring_local"
    assert shown["applied"] == 0
    assert server not in said.out


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "STATE_URL is not set"),
        ("mysql://me:hunter2@db/app", "another engine: mysql"),
        ("postgresql://me:hunter2@127.0.0.1:1/app", "cannot be reached"),
        ("postgresql://me:hunter2@db:x/app", "cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line_without_a_secret(server, moor, monkeypatch, value, words):
    if value is None:
        monkeypatch.delenv("STATE_URL")
    else:
        monkeypatch.setenv("STATE_URL", value)
    said = moor("state", "show", "local")
    assert said.code == 0
    assert words in said.out
    assert "hunter2" not in said.out + said.err


@pytest.mark.parametrize("command", [["deploy", "local", "--allow-dirty"], ["up", "--allow-dirty"]])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "STATE_URL is not set"),
        ("mysql://me:hunter2@db/app", "another engine: mysql"),
        ("postgresql://me:hunter2@127.0.0.1:1/app", "cannot be reached"),
        ("hunter2", "not a URL"),
    ],
)
def test_a_deployment_says_it_before_anything_starts(server, moor, monkeypatch, command, value, words):
    if value is None:
        monkeypatch.delenv("STATE_URL")
    else:
        monkeypatch.setenv("STATE_URL", value)
    said = moor(*command)
    assert said.code == 1
    assert words in said.error
    assert "hunter2" not in said.out + said.err
    assert "not running" in moor("status", "local").out


def test_a_deployment_refuses_a_server_that_does_not_fit(server, moor, monkeypatch):
    monkeypatch.setattr("mooring.state.engine.fitness.OLDEST", 99)
    said = moor("deploy", "local", "--allow-dirty")
    assert said.code == 1
    assert "is too old" in said.error
    assert "99 or later" in said.err


def test_a_url_in_the_document_is_refused_without_being_shown(repo, monkeypatch, moor):
    document = repo.root / "configs/environments/local.yaml"
    document.write_text(document.read_text() + "database:\n  secretRef: postgresql://me:hunter2@db/app\n")
    monkeypatch.chdir(repo.root)
    said = moor("validate")
    assert said.code == 1
    assert "database.secretRef" in said.out + said.err
    assert "hunter2" not in said.out + said.err


def test_status_says_that_a_file_is_on_a_network_file_system(repo, monkeypatch, moor, tmp_path):
    monkeypatch.chdir(repo.root)
    state = repo.root / ".mooring/local/state.db"
    state.parent.mkdir(parents=True)
    state.touch()
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {repo.root} nfs4 rw 0 0\n")
    monkeypatch.setattr("mooring.state.place.mounts.MOUNTS", mounts)
    assert "network file system (nfs4)" in moor("status", "local").out
