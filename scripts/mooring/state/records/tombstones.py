"""What was forgotten on purpose, so that no restore brings it back.

A tombstone names what is gone by the hash of a value in a column, and when; it holds nothing of it. Every export
carries all of them, and a restore takes them from the newest export, whatever older one it restores. Crypto-shredding
would need a key for each person, kept beside exports for as long as these, and would lose the person's data with a key.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import SECONDS, TABLES, moment, text

TOMBSTONES = sa.Table(
    "tombstones",
    TABLES,
    text("subject", primary_key=True),
    text("key", primary_key=True),
    moment("at"),
)


@dataclass(frozen=True)
class Subject:
    """Rows of `table` whose `column` has the value. `written` is the column with the time a row is from, so that what
    came about after it was forgotten stays; empty where all rows go."""

    table: str
    column: str
    written: str = ""


SUBJECTS: dict[str, Subject] = {
    "conversation": Subject("turns", "conversation", "said"),
    "memory": Subject("memories", "id", "written"),
    "memories of a user": Subject("memories", "owner", "written"),
    "memories of a tenant": Subject("memories", "tenant", "written"),
}
"""What can be forgotten, by the name that a tombstone has for it."""


def bury(connection: sa.Connection, subject: str, value: str, at: float) -> None:
    """Keeps rows of a subject that have this value, and are not younger than `at`, from coming back.

    What is there now is for the caller to delete.
    """
    put = tables.insert(connection.dialect.name, TOMBSTONES)
    later = put.on_conflict_do_update(
        index_elements=["subject", "key"], set_={"at": put.excluded.at}, where=put.excluded.at > TOMBSTONES.c.at
    )
    connection.execute(later, {"subject": subject, "key": hashed(subject, value), "at": at})


def hashed(subject: str, value: str) -> str:
    """What a tombstone has in place of a value."""
    return hashlib.sha256(f"{subject}\0{value}".encode()).hexdigest()


def add(connection: sa.Connection, stones: Iterable[tuple[str, str, float]]) -> None:
    """Adds tombstones that an export holds, as (subject, key, at)."""
    rows = [{"subject": subject, "key": key, "at": at} for subject, key, at in stones]
    if rows:
        put = tables.insert(connection.dialect.name, TOMBSTONES)
        later = sa.case((put.excluded.at > TOMBSTONES.c.at, put.excluded.at), else_=TOMBSTONES.c.at)
        connection.execute(put.on_conflict_do_update(index_elements=["subject", "key"], set_={"at": later}), rows)


def apply(connection: sa.Connection) -> int:
    """Deletes every row that a tombstone names; how many. For a database that was just restored."""
    deleted = 0
    for name, subject in SUBJECTS.items():
        found = connection.execute(sa.select(TOMBSTONES.c.key, TOMBSTONES.c.at).where(TOMBSTONES.c.subject == name))
        if not (stones := {row.key: row.at for row in found}):
            continue
        column, written = sa.column(subject.column, sa.Text), sa.column(subject.written, SECONDS)
        table = sa.table(subject.table, column, written)
        for value in connection.execute(sa.select(column).distinct()).scalars().all():
            if (at := stones.get(hashed(name, value))) is None:
                continue
            old = written <= at if subject.written else sa.true()
            deleted += connection.execute(sa.delete(table).where(column == value, old)).rowcount
    return deleted
