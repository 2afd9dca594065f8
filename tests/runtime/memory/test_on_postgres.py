"""A slot whose environment names a PostgreSQL server keeps everything there, and answers while that is down."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.release.release import Release
from mooring.spec.environment import Database
from mooring.state.engine.engine import Address, engine
from tests.postgres import Cluster
from tests.runtime.hosting import Serving
from tests.runtime.stub import Reply, Stub

Serve = Callable[..., Serving]


@pytest.fixture
def release(build: Callable[..., Release]) -> Release:
    """One without checkpoints, in an environment with a database."""
    content = build().content
    environment = content.environment.model_copy(update={"database": Database(secret_ref="env:DATABASE_URL")})
    return Release.of(content.model_copy(update={"environment": environment}))


def address(url: str, release: Release) -> Address:
    return Address(url, release.content.environment.name)


def rows(url: Address, table: str) -> int:
    with engine(url).connect() as connection:
        return connection.execute(sa.text(f"select count(*) from {table}")).scalar_one()


@pytest.mark.slow
def test_both_slots_know_the_same_and_no_file_is_made(
    serve: Serve, stub: Stub, release: Release, cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.fresh()
    blue, green = (serve(release, slot, environ={"DATABASE_URL": url}) for slot in ("blue", "green"))
    stub.script("primary-1", Reply("nice to meet you"), Reply("you are Ada"), Reply("yes"))
    blue.chat("I am Ada", metadata={"conversation": "c1"})
    green.chat("who am I?", metadata={"conversation": "c1"})
    blue.chat("alone")
    run = blue.http.post("/agents/support/runs?wait=true", json={"message": "same"}).json()["id"]
    assert green.http.get("/conversations/c1").json()["turns"] == 2
    assert green.http.get(f"/runs/{run}").json()["status"] == "done"
    for serving in (blue, green):
        serving.stop()
    assert [rows(address(url, release), table) > 0 for table in ("runs", "turns", "answers", "spend")] == [True] * 4
    assert not list((tmp_path / "state").glob("*.db*"))


@pytest.mark.slow
def test_a_server_that_is_down_keeps_no_slot_from_starting_and_answering(
    serve: Serve, release: Release, cluster: Cluster
) -> None:
    url = cluster.fresh()
    cluster.stop()
    try:
        serving = serve(release, environ={"DATABASE_URL": url})
        assert serving.http.get("/readyz").json() is not None
        assert serving.runtime.ready() == (True, [])
        assert serving.chat("anybody there?").status_code == 200
    finally:
        cluster.start()
    run = serving.http.post("/agents/support/runs?wait=true", json={"message": "now"}).json()["id"]
    serving.stop()
    with engine(address(url, release)).connect() as connection:
        assert connection.execute(sa.text("select status from runs where id = :id"), {"id": run}).scalar() == "done"


def test_a_missing_url_is_said_and_nothing_is_kept_elsewhere(serve: Serve, release: Release, tmp_path: Path) -> None:
    serving = serve(release)
    ready, reasons = serving.runtime.ready()
    assert not ready
    assert "environment variable DATABASE_URL is not set" in reasons
    assert not list((tmp_path / "state").glob("*.db*"))


@pytest.mark.parametrize("url", ["mysql://me:hunter2@db/app", "postgresql://me:hunter2@db:x/app"])
def test_a_url_that_is_none_keeps_the_slot_from_being_ready_and_is_not_shown(
    serve: Serve, release: Release, url: str
) -> None:
    serving = serve(release, environ={"DATABASE_URL": url})
    ready, reasons = serving.runtime.ready()
    assert not ready
    assert any("the database URL" in reason for reason in reasons)
    assert "hunter2" not in str(reasons)
