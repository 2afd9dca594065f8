"""Whatever is committed is in the queue until it was shipped, and only while somebody ships it."""

import threading
import time

import pytest
import sqlalchemy as sa

from mooring.state.copies import streamed
from mooring.state.engine.engine import engine
from mooring.state.records import changes, tombstones
from mooring.state.runs import turns
from mooring.state.transactions import Transactions
from tests.postgres import Cluster


def turn(conversation: str, run: str) -> turns.NewTurn:
    return turns.NewTurn(conversation, "helper", run, b"[]", time.time(), time.time() + 60)


def followed(database: Transactions) -> None:
    database.write(lambda connection: changes.tell(connection, "stream", time.time(), next=1))


def queue(database: Transactions) -> list[tuple[str, str, int]]:
    found = database.read(lambda connection: changes.queued(connection, 100))
    return [(change.subject, change.key, change.part) for change in found]


def test_nothing_is_queued_while_nobody_exports(database_url: str) -> None:
    database = Transactions(database_url)
    database.write(lambda connection: turns.add(connection, turn("acme/a", "r1")))
    assert queue(database) == []
    database.write(lambda connection: changes.tell(connection, "stream", time.time() - 8 * 86400, next=1))
    database.write(lambda connection: turns.add(connection, turn("acme/a", "r2")))
    assert queue(database) == []


def test_turns_and_what_is_deleted_are_queued_with_the_transaction(database_url: str) -> None:
    database = Transactions(database_url)
    followed(database)
    database.write(lambda connection: turns.add(connection, turn("acme/a", "r1")))

    def undone(connection: sa.Connection) -> None:
        turns.add(connection, turn("acme/a", "r2"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        database.write(undone)
    database.write(lambda connection: turns.delete(connection, "acme/a"))
    assert queue(database) == [("turns", "acme/a", 1), ("-conversations", "acme/a", 0)]


def test_what_commits_late_is_still_shipped(cluster: Cluster) -> None:
    url = cluster.fresh()
    database = Transactions(url)
    followed(database)
    late = engine(url)
    with late.connect() as connection:
        with connection.begin():
            turns.add(connection, turn("acme/late", "r1"))
            database.write(lambda other: turns.add(other, turn("acme/soon", "r2")))
            first = database.read(lambda other: changes.queued(other, 100))
            assert [change.key for change in first] == ["acme/soon"]
        database.write(lambda other: changes.shipped(other, [(first[0].id, first[0].id)]))
    assert [key for _, key, _ in queue(database)] == ["acme/late"]


def test_one_at_a_time_exports_and_another_is_told_who(database_url: str) -> None:
    database = Transactions(database_url)
    assert database.write(lambda connection: changes.take(connection, "copy", "ann", 60)) is None
    assert database.write(lambda connection: changes.take(connection, "copy", "ann", 60)) is None
    assert database.write(lambda connection: changes.take(connection, "copy", "bob", 60)) == "ann"
    database.write(lambda connection: changes.let_go(connection, "copy", "bob"))
    assert database.write(lambda connection: changes.take(connection, "copy", "bob", 60)) == "ann"
    database.write(lambda connection: changes.let_go(connection, "copy", "ann"))
    assert database.write(lambda connection: changes.take(connection, "copy", "bob", 0)) is None
    assert database.write(lambda connection: changes.take(connection, "copy", "ann", 60)) is None


def test_of_many_who_want_it_at_once_one_gets_it(database_url: str) -> None:
    database = Transactions(database_url)
    database.read(lambda connection: changes.waiting(connection))
    got: list[str | None] = []

    def want(name: str) -> None:
        got.append(database.write(lambda connection: changes.take(connection, "copy", name, 60)))

    threads = [threading.Thread(target=want, args=(f"p{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(None) == 1
    assert len({one for one in got if one}) == 1


def test_a_tombstone_is_found_again_by_what_the_queue_says_of_it(database_url: str) -> None:
    database = Transactions(database_url)
    followed(database)
    database.write(lambda connection: tombstones.bury(connection, "memories of a user", "acme ann", 5.0))

    def read(connection: sa.Connection) -> list[streamed.Record]:
        return list(streamed.records(connection, changes.queued(connection, 10)))

    (record,) = database.read(read)
    assert record["row"]["subject"] == "memories of a user"
    assert record["row"]["at"] == 5.0
