"""The queue of changes that an exporter ships, and what is known of exports.

Triggers put a row here in the transaction of the change, so whatever was committed is in the queue, and is there until
an exporter has shipped it. Nothing is read by a position, which a transaction that commits late would be behind.
"""

import json
import os
import secrets
import socket
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import TABLES, moment, number, text

THROUGH = "export.through"
"""The file in the state folder with the time before which every change was exported, for whoever may not wait."""

EXPORTS = sa.Table(
    "exports",
    TABLES,
    # `stream`, `copy` or `verified`.
    text("name", primary_key=True),
    # Who does it now, and until when at most.
    sa.Column("holder", sa.Text),
    moment("until"),
    # When it was last done.
    moment("seen"),
    text("data"),
)

CHANGES = sa.Table(
    "changes",
    TABLES,
    number("id", primary_key=True),
    # The table, with `-` before it when the row is gone.
    text("subject"),
    text("key"),
    number("part"),
)

_E, _C = EXPORTS.c, CHANGES.c


@dataclass(frozen=True)
class Change:
    """One entry of the queue."""

    id: int
    subject: str
    key: str
    part: int


def queued(connection: sa.Connection, most: int) -> list[Change]:
    """The first changes, at most so many, in the order in which they came about."""
    found = sa.select(_C.id, _C.subject, _C.key, _C.part).order_by(_C.id).limit(most)
    return [Change(*row) for row in connection.execute(found)]


def shipped(connection: sa.Connection, ranges: list[tuple[int, int]]) -> None:
    """Takes changes off the queue, by the first and last id of each range that was shipped as a whole."""
    for first, last in ranges:
        connection.execute(sa.delete(CHANGES).where(_C.id.between(first, last)))


def waiting(connection: sa.Connection) -> int:
    """How many changes are in the queue."""
    return connection.execute(sa.select(sa.func.count()).select_from(CHANGES)).scalar_one()


def known(connection: sa.Connection, name: str) -> dict[str, Any] | None:
    """What is known of `stream`, `copy` or `verified`; with `holder`, `until` and `seen`."""
    row = connection.execute(sa.select(_E.holder, _E.until, _E.seen, _E.data).where(_E.name == name)).first()
    if row is None:
        return None
    return {**json.loads(row.data), "holder": row.holder, "until": row.until, "seen": row.seen}


def tell(connection: sa.Connection, name: str, seen: float, **data: Any) -> None:
    """Writes what is known now."""
    put = tables.insert(connection.dialect.name, EXPORTS)
    new = {"name": name, "holder": None, "until": 0.0, "seen": seen, "data": json.dumps(data)}
    connection.execute(
        put.on_conflict_do_update(index_elements=["name"], set_={"seen": seen, "data": new["data"]}), new
    )


def holder() -> str:
    """A name for who exports, which says where that is."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def take(connection: sa.Connection, name: str, holder: str, seconds: float) -> str | None:
    """Takes the lease on a kind of export for so long, or renews one's own; else who has it, and nothing is taken."""
    now = clock(connection)
    found = sa.select(_E.holder, _E.until).where(_E.name == name).with_for_update()
    if (row := connection.execute(found).first()) and row.holder not in (None, holder) and row.until > now:
        return str(row.holder)
    put = tables.insert(connection.dialect.name, EXPORTS)
    values = {"name": name, "holder": holder, "until": now + seconds, "seen": 0.0, "data": "{}"}
    mine = {"holder": holder, "until": now + seconds}
    free = sa.or_(_E.holder.is_(None), _E.holder == holder, _E.until <= now)
    taken = put.on_conflict_do_update(index_elements=["name"], set_=mine, where=free)
    if connection.execute(taken.returning(_E.name), values).first() is None:
        return str(connection.execute(sa.select(_E.holder).where(_E.name == name)).scalar())
    return None


def let_go(connection: sa.Connection, name: str, holder: str) -> None:
    """Ends one's own lease."""
    connection.execute(sa.update(EXPORTS).where(_E.name == name, _E.holder == holder).values(holder=None, until=0.0))


def reset(connection: sa.Connection) -> None:
    """Forgets who exported this database, since it was restored: its exports begin anew."""
    connection.execute(sa.delete(EXPORTS))
    connection.execute(sa.delete(CHANGES))


def clock(connection: sa.Connection) -> float:
    """The database's time, which all machines that share it agree on."""
    if connection.dialect.name == "sqlite":
        now = sa.func.julianday("now")
        return float((connection.execute(sa.select(now)).scalar_one() - 2440587.5) * 86400)
    return float(connection.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))).scalar_one())
