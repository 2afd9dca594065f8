"""`moor state move`: an environment that serves keeps its state elsewhere from one request to the next, and back."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from tests.postgres import Cluster
from tests.repository import Repo, copied, until, up

LINES = "+database:\n+  secretRef: env:STATE_URL\n"


@pytest.mark.parametrize("place", ["postgresql://me:hunter2@db/app", "postgres", "env:", "env:1X"])
def test_a_place_that_is_none_is_refused_and_hardly_quoted(moor: Any, repo: Repo, place: str) -> None:
    said = moor("-C", repo.root, "state", "move", "local", "--to", place)
    assert said.code == 2
    assert "a URL belongs into a variable" in said.error
    assert "hunter2" not in said.out + said.err


def test_a_variable_that_is_not_set_moves_nothing(moor: Any, repo: Repo) -> None:
    said = moor("-C", repo.root, "state", "move", "local", "--to", "env:STATE_URL")
    assert said.code == 1
    assert "STATE_URL is not set" in said.error


@pytest.mark.slow
def test_what_is_not_running_moves_there_and_back(
    moor: Any, repo: Repo, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cluster.fresh()
    monkeypatch.setenv("STATE_URL", url)
    at = ("-C", repo.root)
    moved = moor(*at, "state", "move", "local", "--to", "env:STATE_URL")
    assert moved.code == 0, moved.err
    assert LINES in moved.out
    assert url not in moved.out + moved.err
    assert json.loads((repo.root / ".mooring/local/database.json").read_text()) == {"secretRef": "env:STATE_URL"}
    again = moor(*at, "state", "move", "local", "--to", "env:STATE_URL", "--json").json
    assert (again["reason"], again["rows"]) == ("in-sync", {})
    (shown,) = moor(*at, "state", "show", "local", "--json").json["environments"]
    assert shown["engine"].startswith("PostgreSQL")
    refused = moor(*at, "deploy", "local")
    assert refused.code == 1
    assert "its document says" in refused.error
    with psycopg.connect(url, options="-c search_path=mooring_local") as other:
        other.execute("insert into machines values ('m2', 'host2', '/state', null, 0, 0, 1, extract(epoch from now()))")
    shared = moor(*at, "state", "move", "local", "--to", "sqlite")
    assert shared.code == 1
    assert "local is served from host2 (/state) too" in shared.error
    with psycopg.connect(url, options="-c search_path=mooring_local") as other:
        other.execute("delete from machines")
    back = moor(*at, "state", "move", "local", "--to", "sqlite", "--json").json
    assert (back["reason"], back["from"], back["document"]) == ("changed", "env:STATE_URL", "")
    assert moor(*at, "history", "local").code == 0


@pytest.fixture
def serving(tmp_path: Any) -> Iterator[Repo]:
    """With an exporter, which was started without the variable of the new place."""
    repo = copied(tmp_path)
    repo.export(tmp_path / "copies")
    repo.commit("copies")
    with up(repo):
        yield repo


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_environment_moves_while_it_serves_and_remembers_what_was_said(
    serving: Repo, moor: Any, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_URL", cluster.fresh())
    at = ("-C", serving.root)
    until(lambda: _behind(moor, serving) < 5)
    url = moor(*at, "status", "local", "--json").json["environments"][0]["url"]
    client, stop, codes, slowest = httpx2.Client(base_url=url, timeout=30), threading.Event(), list[int](), [0.0]

    def say(text: str) -> int:
        begun = time.monotonic()
        body = {"model": "support", "messages": [{"role": "user", "content": text}], "metadata": {"conversation": "c"}}
        code = client.post("/v1/chat/completions", json=body).status_code
        slowest[0] = max(slowest[0], time.monotonic() - begun)
        return code

    def traffic() -> None:
        while not stop.is_set():
            codes.append(say("Where is my order?"))

    assert say("Hello") == 200
    before = client.get("/conversations/c").json()["turns"]
    talking = threading.Thread(target=traffic)
    talking.start()
    try:
        there = moor(*at, "state", "move", "local", "--to", "env:STATE_URL", "--json").json
        until(lambda: _behind(moor, serving) < 5)
        back = moor(*at, "state", "move", "local", "--to", "sqlite", "--json").json
        until(lambda: _behind(moor, serving) < 5)
    finally:
        stop.set()
        talking.join()
    assert (there["reason"], back["reason"]) == ("changed", "changed"), (there, back)
    assert there["entries"] == back["entries"] > 0
    assert set(codes) == {200}
    assert slowest[0] < 10
    assert client.get("/conversations/c").json()["turns"] == before + len(codes)
    assert moor(*at, "history", "local", "--verify").code == 0


def _behind(moor: Any, repo: Repo) -> float:
    """Seconds by which exports are behind, by the database in force."""
    (one,) = moor("-C", repo.root, "status", "local", "--json").json["environments"]
    exported = one["exported"] or {}
    return time.time() - (exported.get("stream") or 0.0)
