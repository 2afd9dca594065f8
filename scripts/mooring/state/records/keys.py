"""The keys of callers: a hash each, with what it allows. A revoked one stays, so that no copy brings it back."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import SECONDS, TABLES, number, text

KEYS = sa.Table(
    "caller_keys",
    TABLES,
    text("hash", primary_key=True),
    # JSON of the key as `moor keys` made it.
    text("data"),
    sa.Column("revoked", SECONDS),
)
CHANGES = sa.Table("caller_key_changes", TABLES, text("id", primary_key=True), number("number"))
"""One row, once keys were changed: how often."""

_K = KEYS.c
_CHANGES = sa.select(sa.func.coalesce(sa.func.max(CHANGES.c.number), 0))
_WORKING = sa.select(_K.hash, _K.data).where(_K.revoked.is_(None))


def changes(connection: sa.Connection) -> int:
    """Another number after every change."""
    return int(connection.execute(_CHANGES).scalar_one())


def read(connection: sa.Connection) -> dict[str, str]:
    """The data of every key that was not revoked, by its hash; those that have ended too."""
    return {row.hash: row.data for row in connection.execute(_WORKING)}


def change(connection: sa.Connection) -> dict[str, str]:
    """Begins a change, which no other one is made beside until the transaction ends; the keys before it."""
    made = tables.insert(connection.dialect.name, CHANGES).values(id="keys", number=1)
    more = made.on_conflict_do_update(index_elements=["id"], set_={"number": CHANGES.c.number + 1})
    connection.execute(more)
    return read(connection)


def write(connection: sa.Connection, before: Mapping[str, str], after: Mapping[str, str], now: float) -> None:
    """Makes of the keys `before` those `after`. What is missing there is revoked."""
    add(connection, {hashed: data for hashed, data in after.items() if hashed not in before})
    changed = [
        {"known": hashed, "new": after[hashed]} for hashed, data in before.items() if after.get(hashed, data) != data
    ]
    if changed:
        connection.execute(
            sa.update(KEYS).where(_K.hash == sa.bindparam("known")).values(data=sa.bindparam("new")), changed
        )
    gone: list[dict[str, Any]] = [{"known": hashed} for hashed in before.keys() - after.keys()]
    if gone:
        connection.execute(sa.update(KEYS).where(_K.hash == sa.bindparam("known")).values(revoked=now), gone)


def add(connection: sa.Connection, keys: Mapping[str, str]) -> None:
    """Adds those whose hash is new. One that was revoked stays so."""
    rows: list[dict[str, Any]] = [{"hash": hashed, "data": data, "revoked": None} for hashed, data in keys.items()]
    if rows:
        connection.execute(tables.insert(connection.dialect.name, KEYS).on_conflict_do_nothing(), rows)
