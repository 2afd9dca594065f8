"""Where incidents are told: one message for each and each channel, claimed here before it is written.

Two rows are no messages: which process tells, and from which entry of the ledger on.
"""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import SECONDS, TABLES, moment, text

MESSAGES = sa.Table(
    "chat_messages",
    TABLES,
    text("incident", primary_key=True),
    text("platform", primary_key=True),
    text("channel", primary_key=True),
    # Since when it is told, where that is shown, and what was said last; when it was over.
    moment("at"),
    text("posted"),
    text("said"),
    sa.Column("over", SECONDS),
)

_C = MESSAGES.c

WATCHER, BEGIN = "watcher", "begin"
"""Incidents of the rows that are no messages; their platform and channel are ""."""


@dataclass(frozen=True, slots=True)
class Message:
    """`posted` and `said` are JSON. `posted` is "" from the claim until it is written."""

    incident: str
    platform: str
    channel: str
    at: float
    posted: str
    said: str
    over: float | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.incident, self.platform, self.channel


def messages(connection: sa.Connection) -> list[Message]:
    """All that are known, the oldest first."""
    found = connection.execute(sa.select(MESSAGES).where(_C.platform != "").order_by(_C.at))
    return [Message(*row) for row in found]


def claim(connection: sa.Connection, message: Message, before: Message | None = None) -> bool:
    """Takes over to tell an incident: a new one, or one that stands as `before`; False when another process has."""
    if before is None:
        put = tables.insert(connection.dialect.name, MESSAGES).values(asdict(message)).on_conflict_do_nothing()
        # Of an INSERT, psycopg does not tell how many rows it was.
        return connection.execute(put.returning(_C.incident)).first() is not None
    return _changed(connection, before, message)


def change(connection: sa.Connection, before: Message, message: Message) -> bool:
    """Writes what is told now; False when it does not stand as `before`."""
    return _changed(connection, before, message)


def delete(connection: sa.Connection, message: Message) -> None:
    """Forgets one that was never written."""
    connection.execute(sa.delete(MESSAGES).where(*_is(message)))


def forget(connection: sa.Connection, before: float) -> None:
    """Forgets what was over before."""
    connection.execute(sa.delete(MESSAGES).where(_C.over < before))


def lead(connection: sa.Connection, who: str, now: float, seconds: float) -> bool:
    """Whether `who` is the one process that tells, from now on and for so long; no other is meanwhile."""
    row = Message(WATCHER, "", "", now, "", who)
    if claim(connection, row):
        return True
    mine = sa.update(MESSAGES).where(_C.incident == WATCHER, _C.platform == "")
    mine = mine.where((_C.said == who) | (_C.at < now - seconds))
    return connection.execute(mine.values(said=who, at=now)).rowcount == 1


def begin(connection: sa.Connection, entry: int, now: float) -> int:
    """The entry of the ledger after which things are told: the one of the first time that this is asked."""
    claim(connection, Message(BEGIN, "", "", now, "", str(entry)))
    found = connection.execute(sa.select(_C.said).where(_C.incident == BEGIN, _C.platform == "")).scalar_one()
    return int(found)


def _changed(connection: sa.Connection, before: Message, message: Message) -> bool:
    wanted = sa.update(MESSAGES).where(*_is(before))
    new = {"at": message.at, "posted": message.posted, "said": message.said, "over": message.over}
    return connection.execute(wanted.values(new)).rowcount == 1


def _is(message: Message) -> tuple[sa.ColumnElement[bool], ...]:
    over = _C.over.is_(None) if message.over is None else _C.over == message.over
    return (
        _C.incident == message.incident,
        _C.platform == message.platform,
        _C.channel == message.channel,
        _C.at == message.at,
        _C.posted == message.posted,
        _C.said == message.said,
        over,
    )
