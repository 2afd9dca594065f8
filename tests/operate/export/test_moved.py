"""The exporter follows a database that is moved while it exports, and what is exported can be restored."""

import threading
from pathlib import Path

import pytest

from mooring.errors import Refused
from mooring.operate.export.exporter import Exporter
from mooring.operate.export.shelf import Shelf
from mooring.operate.export.source import Source
from mooring.state.moving.move import Ends, move
from mooring.state.place.address import Address, url_of
from mooring.state.place.location import Location
from mooring.state.records import changes
from tests.operate.export.conftest import ENVIRONMENT, Open, fill, said
from tests.operate.export.test_copying import back
from tests.postgres import Cluster
from tests.repository import until

pytestmark = pytest.mark.slow


@pytest.fixture(params=["to-postgres", "to-sqlite"])
def ends(request: pytest.FixtureRequest, tmp_path: Path, cluster: Cluster) -> Ends:
    environ = {"STATE_URL": cluster.fresh()}
    file = url_of(tmp_path / "place", None, ENVIRONMENT, environ)
    server = url_of(tmp_path / "place", environ["STATE_URL"], ENVIRONMENT, environ)
    if request.param == "to-sqlite":
        return Ends(server, file, "env:STATE_URL", "sqlite")
    return Ends(file, server, "sqlite", "env:STATE_URL")


def shipped(source: Source) -> bool:
    return not source.read(changes.waiting)


def engine(source: Source) -> str:
    found = Shelf(source.destination).newest("conversations")
    return found.engine if found else ""


def test_what_comes_before_and_after_a_move_is_exported_and_comes_back(
    ends: Ends, opened: Open, tmp_path: Path, cluster: Cluster
) -> None:
    source = opened(ends.source)
    there = Location(tmp_path / "place", ENVIRONMENT, None if ends.source.file else "env:STATE_URL")
    exporter = Exporter(source, lambda: there)
    thread = threading.Thread(target=exporter.run, daemon=True)
    thread.start()
    try:
        until(lambda: engine(source) != "")
        was = engine(source)
        fill(ends.source, 20)
        move(ends, lambda _line: None)
        fill(ends.target, 20, first=20)
        until(lambda: engine(source) not in ("", was))
        fill(ends.target, 5, first=40)
        until(lambda: shipped(source))
    finally:
        exporter.ended.set()
        thread.join(20)
    assert source.address == ends.target
    into = cluster.fresh() if ends.source.file else f"sqlite:///{tmp_path / 'another.db'}"
    another = Address(into, ENVIRONMENT)
    back(source, another, tmp_path)
    assert len(said(another)) == 45
    assert said(another) == said(ends.target)


def test_copies_of_before_the_move_say_how_they_can_be_restored(ends: Ends, opened: Open, tmp_path: Path) -> None:
    from mooring.operate.export.copying import copy

    source = opened(ends.source)
    fill(ends.source, 3)
    copy(source)
    move(ends, lambda _line: None)
    with pytest.raises(Refused, match="the copies are of") as refused:
        back(source, ends.target, tmp_path)
    place = "env:NAME" if ends.source.file else "sqlite"
    assert refused.value.fix.endswith(f"moor state move {ENVIRONMENT} --to {place}")


def test_an_exporter_that_cannot_follow_ends_so_that_another_one_can(
    opened: Open, tmp_path: Path, cluster: Cluster
) -> None:
    url = cluster.fresh()
    file = url_of(tmp_path / "place", None, ENVIRONMENT, {})
    ends = Ends(file, url_of(tmp_path / "place", url, ENVIRONMENT, {"STATE_URL": url}), "sqlite", "env:STATE_URL")
    where = Location(tmp_path / "place", ENVIRONMENT)
    exporter = Exporter(opened(file, owner="first"), lambda: where)
    thread = threading.Thread(target=exporter.run, daemon=True)
    thread.start()
    until(lambda: opened(file).read(lambda connection: changes.known(connection, "stream")) is not None)
    move(ends, lambda _line: None)
    where = Location(tmp_path / "place", ENVIRONMENT, "env:STATE_URL")
    thread.join(30)
    assert not thread.is_alive()
    again = opened(ends.target, owner="first")
    with again.lease("stream"):
        known = again.read(lambda connection: changes.known(connection, "stream"))
    assert known is not None
    assert known["holder"] == "first"
