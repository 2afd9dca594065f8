"""The last good answers, by the digest of what was asked."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import TABLES, moment, text

ANSWERS = sa.Table(
    "answers",
    TABLES,
    text("key", primary_key=True),
    text("tenant"),
    # As bytes, since what a model says may hold characters that a database does not take for text.
    sa.Column("text", sa.LargeBinary, nullable=False),
    moment("saved"),
    sa.Index("answers_saved", "saved"),
)

_GET = sa.select(ANSWERS.c.text, ANSWERS.c.saved).where(ANSWERS.c.key == sa.bindparam("key"))


def put(connection: sa.Connection, key: str, tenant: str, text: str, saved: float) -> None:
    """Writes an answer, unless a younger one is there."""
    connection.execute(younger(connection.dialect.name), values(key, tenant, text, saved))


def get(connection: sa.Connection, key: str) -> tuple[str, float] | None:
    """An answer, and when it was saved; or None."""
    row = connection.execute(_GET, {"key": key}).first()
    return (row[0].decode("utf-8", "surrogatepass"), row[1]) if row else None


def prune(connection: sa.Connection, most: int) -> None:
    """Deletes the oldest ones but `most`."""
    saved = ANSWERS.c.saved
    youngest_too_old = sa.select(saved).order_by(saved.desc()).limit(1).offset(most).scalar_subquery()
    connection.execute(sa.delete(ANSWERS).where(saved <= youngest_too_old))


def values(key: str, tenant: str, text: str, saved: float) -> dict[str, Any]:
    """The row of an answer."""
    return {"key": key, "tenant": tenant, "text": text.encode("utf-8", "surrogatepass"), "saved": saved}


@cache
def younger(dialect: str) -> sa.Executable:
    """Writes an answer unless a younger one is there."""
    made = tables.insert(dialect, ANSWERS)
    new = made.excluded
    return made.on_conflict_do_update(
        index_elements=["key"],
        set_={"tenant": new.tenant, "text": new.text, "saved": new.saved},
        where=new.saved >= ANSWERS.c.saved,
    )
