"""What agents remember of users: each memory belongs to one user of one tenant, in one space."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import TABLES, moment, number, text
from mooring.state.wording import Terms, folded, ranked

MEMORIES = sa.Table(
    "memories",
    TABLES,
    # Made of the owner and the text, so that the same memory is there once.
    number("number", primary_key=True, autoincrement=False),
    text("tenant"),
    text("user"),
    text("space"),
    text("agent"),
    text("release"),
    text("run"),
    moment("written"),
    moment("keep_until"),
    number("bytes"),
    text("text"),
    # As it is searched: the owner as one trigram, and the text folded.
    text("owner"),
    text("folded"),
    sa.Index("memories_owner", "tenant", "user", "space", "written"),
    sa.Index("memories_keep_until", "keep_until"),
)

EXPIRED_AT_ONCE = 100
"""Memories whose time is over that one write deletes."""

SEARCH = "memories_search"
"""The full-text table of SQLite, the trigram index of PostgreSQL."""

_C = MEMORIES.c
_MATCH = sa.text("select rowid from memories_search where memories_search match :match")
_SHOWN = (_C.number, _C.tenant, _C.user, _C.space, _C.agent, _C.release, _C.run, _C.written, _C.keep_until, _C.text)


@dataclass(frozen=True)
class Owner:
    """Whose memories: nobody else's are written or found."""

    tenant: str
    user: str
    space: str

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(json.dumps([self.tenant, self.user, self.space]).encode()).digest()

    @property
    def trigram(self) -> str:
        """Three Hangul syllables: one entry of a trigram index has this owner's memories and hardly any other's."""
        return "".join(chr(0xAC00 + int.from_bytes(self.digest[at : at + 2]) % 11_172) for at in (0, 2, 4))


@dataclass(frozen=True)
class Limits:
    """How many memories of an owner there may be, of how many bytes in all, and for how long, in seconds."""

    memories: int
    total_bytes: int
    seconds: float


@dataclass(frozen=True)
class Memory:
    """One memory. `agent`, `release` and `run` wrote it, at `written` (Unix time)."""

    number: int
    owner: Owner
    agent: str
    release: str
    run: str
    written: float
    keep_until: float
    text: str

    @classmethod
    def new(cls, owner: Owner, text: str, by: tuple[str, str, str], now: float, seconds: float) -> "Memory":
        """A memory of now. `by` is the agent, its release and its run."""
        digest = hashlib.sha256(owner.digest + text.encode()).digest()
        return cls(int.from_bytes(digest[:8]) >> 1, owner, *by, now, now + seconds, text)

    @property
    def id(self) -> str:
        return f"mem_{self.number:016x}"


@dataclass(frozen=True)
class Choice:
    """Which memories: those for which all that is given holds; None is any."""

    tenant: str | None = None
    user: str | None = None
    space: str | None = None
    ids: tuple[str, ...] = ()

    def condition(self) -> sa.ColumnElement[bool]:
        given = {_C.tenant: self.tenant, _C.user: self.user, _C.space: self.space}
        held = [column == value for column, value in given.items() if value is not None]
        if self.ids:
            held.append(_C.number.in_([number_of(each) for each in self.ids]))
        return sa.and_(sa.true(), *held)


def number_of(name: str) -> int:
    """The number of a memory's id; -1, which none has, for what is no id."""
    digits = name.removeprefix("mem_")
    return int(digits, 16) if len(digits) == 16 and set(digits) <= set("0123456789abcdef") else -1


def remember(connection: sa.Connection, memory: Memory, limits: Limits) -> None:
    """Writes a memory, or that it was said again; the oldest of its owner beyond the limits make room for it."""
    owner, size = memory.owner, len(memory.text.encode())
    row = {"number": memory.number, "tenant": owner.tenant, "user": owner.user, "space": owner.space}
    row |= {"agent": memory.agent, "release": memory.release, "run": memory.run, "written": memory.written}
    row |= {"keep_until": memory.keep_until, "bytes": size, "text": memory.text}
    row |= {"owner": owner.trigram, "folded": folded(memory.text)}
    connection.execute(_put(connection.dialect.name), row)
    expired = sa.select(_C.number).where(_C.keep_until < memory.written).limit(EXPIRED_AT_ONCE)
    over = [*connection.execute(expired).scalars(), *_beyond(connection, owner, limits)]
    if over:
        connection.execute(sa.delete(MEMORIES).where(_C.number.in_(over)))


def recall(connection: sa.Connection, owner: Owner, query: str, most: int, now: float) -> list[Memory]:
    """An owner's memories that have to do with `query`, the best first; the newest ones where it has no words."""
    terms = Terms(query)
    mine = _of(owner) & (_C.keep_until >= now)
    if not terms:
        newest = sa.select(*_SHOWN).where(mine).order_by(_C.written.desc(), _C.number).limit(most)
        return [_memory(row) for row in connection.execute(newest)]
    rows = connection.execute(
        sa.select(*_SHOWN, _C.folded).where(mine, _near(connection.dialect.name, owner, terms.pieces))
    ).all()
    best = ranked(terms, [(row.folded, row.written) for row in rows])
    return [_memory(rows[index]) for index in best[:most]]


def chosen(connection: sa.Connection, choice: Choice, most: int) -> list[Memory]:
    """The memories of a choice, the newest first, at most so many."""
    wanted = sa.select(*_SHOWN).where(choice.condition()).order_by(_C.written.desc(), _C.number).limit(most)
    return [_memory(row) for row in connection.execute(wanted)]


def totals(connection: sa.Connection, choice: Choice) -> list[tuple[str, str, str, int, int]]:
    """Of each owner of a choice: tenant, user, space, number of memories and their bytes."""
    owner = (_C.tenant, _C.user, _C.space)
    sums = sa.select(*owner, sa.func.count(), sa.func.sum(_C.bytes)).where(choice.condition())
    rows = connection.execute(sums.group_by(*owner).order_by(*owner))
    return [(tenant, user, space, count, int(size)) for tenant, user, space, count, size in rows]


def forget(connection: sa.Connection, choice: Choice) -> list[int]:
    """Deletes the memories of a choice; their numbers."""
    return list(connection.execute(sa.delete(MEMORIES).where(choice.condition()).returning(_C.number)).scalars())


def indexed(connection: sa.Connection) -> bool:
    """Whether a search has an index. PostgreSQL has none where `pg_trgm` could not be created; it reads rows then."""
    if connection.dialect.name == "sqlite":
        return True
    return connection.execute(sa.text("select to_regclass('memories_search') is not null")).scalar_one() is True


def _of(owner: Owner) -> sa.ColumnElement[bool]:
    return (_C.tenant == owner.tenant) & (_C.user == owner.user) & (_C.space == owner.space)


def _beyond(connection: sa.Connection, owner: Owner, limits: Limits) -> Iterator[int]:
    """The oldest memories of an owner that are more, or larger in all, than there may be."""
    newest = sa.select(_C.number, _C.bytes).where(_of(owner)).order_by(_C.written.desc(), _C.number)
    total = 0
    for index, (found, size) in enumerate(connection.execute(newest).all()):
        total += size
        if index >= limits.memories or total > limits.total_bytes:
            yield found


def _near(dialect: str, owner: Owner, pieces: Sequence[str]) -> sa.ColumnElement[bool]:
    """Holds of rows with one of the pieces. Those of three characters are looked up, shorter ones looked for."""
    long = [piece for piece in pieces if len(piece) == 3]
    short = [piece for piece in pieces if len(piece) < 3]
    if dialect == "postgresql":
        return _C.folded.like(sa.any_(sa.literal([f"%{piece}%" for piece in pieces], sa.ARRAY(sa.Text))))
    found: list[sa.ColumnElement[bool]] = [_C.folded.contains(piece, autoescape=True) for piece in short]
    if long:
        words = " OR ".join(f'"{piece}"' for piece in long)
        match = _MATCH.bindparams(match=f'owner : "{owner.trigram}" AND folded : ({words})')
        found.append(_C.number.in_(match.columns(sa.column("rowid", sa.Integer))))
    return sa.or_(*found)


def _memory(row: Any) -> Memory:
    owner = Owner(row.tenant, row.user, row.space)
    return Memory(row.number, owner, row.agent, row.release, row.run, row.written, row.keep_until, row.text)


@cache
def _put(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, MEMORIES)
    again = {name: made.excluded[name] for name in ("agent", "release", "run", "written", "keep_until")}
    return made.on_conflict_do_update(index_elements=["number"], set_=again)
