"""What was forgotten does not come back."""

import pytest
import sqlalchemy as sa

from mooring.state.records import tombstones
from mooring.state.runs import turns
from mooring.state.transactions import Transactions


def write(connection: sa.Connection, conversation: str, said: float) -> None:
    turns.add(connection, turns.NewTurn(conversation, "helper", f"run-{said}", b"[]", said, said + 60))


@pytest.mark.slow
def test_a_tombstone_holds_nothing_of_what_it_names(database_url: str) -> None:
    database = Transactions(database_url)
    database.write(lambda connection: tombstones.bury(connection, "conversation", "acme/secret", 5.0))
    rows = database.read(lambda connection: connection.execute(sa.select(tombstones.TOMBSTONES)).all())
    assert [row.at for row in rows] == [5.0]
    assert "secret" not in str(rows)


def test_what_is_older_than_its_tombstone_goes_and_what_came_after_it_stays(database_url: str) -> None:
    database = Transactions(database_url)

    def prepare(connection: sa.Connection) -> None:
        for name, said in (("acme/a", 1.0), ("acme/a", 9.0), ("acme/b", 1.0)):
            write(connection, name, said)
        tombstones.bury(connection, "conversation", "acme/a", 5.0)

    database.write(prepare)
    assert database.write(tombstones.apply) == 1
    left = database.read(lambda connection: connection.execute(sa.select(turns.TURNS.c.said)).scalars().all())
    assert sorted(left) == [1.0, 9.0]


def test_of_two_tombstones_for_one_thing_the_later_counts(database_url: str) -> None:
    database = Transactions(database_url)

    def prepare(connection: sa.Connection) -> None:
        tombstones.bury(connection, "conversation", "acme/a", 5.0)
        tombstones.bury(connection, "conversation", "acme/a", 3.0)
        key = tombstones.hashed("conversation", "acme/a")
        tombstones.add(connection, [("conversation", key, 4.0), ("conversation", key, 8.0)])

    database.write(prepare)
    assert database.read(
        lambda connection: connection.execute(sa.select(tombstones.TOMBSTONES.c.at)).scalars().all()
    ) == [8.0]
