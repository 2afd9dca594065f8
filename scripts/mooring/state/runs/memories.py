"""What agents remember of users: each memory belongs to one user of one tenant, in one space."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.records.tombstones import bury
from mooring.state.runs.wording import Terms, folded, ranked
from mooring.state.tables import TABLES, moment, number, text

MEMORIES = sa.Table(
    "memories",
    TABLES,
    sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
    # Made of whose it is and of the text, so that the same memory is there once.
    text("id", unique=True),
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
    # The user by a digest, and the text as it is searched.
    text("owner"),
    text("folded"),
    sa.Index("memories_owner", "tenant", "user", "space", "written"),
    sa.Index("memories_keep_until", "keep_until"),
)

EXPIRED_AT_ONCE = 100
"""Memories whose time is over that one write deletes."""

_C = MEMORIES.c
_MATCH = sa.text("select rowid from memories_search where memories_search match :match")
_SHOWN = (_C.id, _C.tenant, _C.user, _C.space, _C.agent, _C.release, _C.run, _C.written, _C.keep_until, _C.text)


@dataclass(frozen=True)
class Owner:
    """Whose memories: nobody else's are written or found."""

    tenant: str
    user: str
    space: str

    @property
    def digest(self) -> str:
        """The user's name as a search finds it: see `digest_of`."""
        return digest_of(self.tenant, self.user)


class Owned(NamedTuple):
    """How many memories an owner has, and how many bytes they have in all."""

    tenant: str
    user: str
    space: str
    memories: int
    bytes: int


@dataclass(frozen=True)
class Limits:
    """How many memories of an owner there may be, of how many bytes in all, and for how long, in seconds."""

    memories: int
    total_bytes: int
    seconds: float


@dataclass(frozen=True)
class Memory:
    """One memory. `agent`, `release` and `run` wrote it, at `written` (Unix time)."""

    id: str
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
        whole = json.dumps([owner.tenant, owner.user, owner.space, text])
        return cls(f"mem_{hashlib.sha256(whole.encode()).hexdigest()[:16]}", owner, *by, now, now + seconds, text)


@dataclass(frozen=True)
class Choice:
    """Which memories: those for which all that is given holds; None is any."""

    tenant: str | None = None
    user: str | None = None
    ids: tuple[str, ...] = ()

    def condition(self) -> sa.ColumnElement[bool]:
        given = {_C.tenant: self.tenant, _C.user: self.user}
        held = [column == value for column, value in given.items() if value is not None]
        if self.ids:
            held.append(_C.id.in_(self.ids))
        return sa.and_(sa.true(), *held)


def digest_of(tenant: str, user: str) -> str:
    """A user of a tenant in twelve Hangul syllables.

    Of the first three, one entry of a trigram index has this user's memories and hardly any other's.
    """
    digest = hashlib.sha256(json.dumps([tenant, user]).encode()).digest()
    return "".join(chr(0xAC00 + int.from_bytes(digest[at : at + 2]) % 11_172) for at in range(0, 24, 2))


def remember(connection: sa.Connection, memory: Memory, limits: Limits) -> None:
    """Writes a memory, or that it was said again; the oldest of its owner beyond the limits make room for it."""
    owner, size = memory.owner, len(memory.text.encode())
    row: dict[str, Any] = {"id": memory.id, "tenant": owner.tenant, "user": owner.user, "space": owner.space}
    row |= {"agent": memory.agent, "release": memory.release, "run": memory.run, "written": memory.written}
    row |= {"keep_until": memory.keep_until, "bytes": size, "text": memory.text}
    row |= {"owner": owner.digest, "folded": folded(memory.text)}
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
        newest = sa.select(*_SHOWN).where(mine).order_by(_C.written.desc(), _C.id).limit(most)
        return [_memory(row) for row in connection.execute(newest)]
    rows = connection.execute(
        sa.select(*_SHOWN, _C.folded).where(mine, _near(connection.dialect.name, owner, terms.pieces))
    ).all()
    best = ranked(terms, [(row.folded, row.written) for row in rows])
    return [_memory(rows[index]) for index in best[:most]]


def chosen(connection: sa.Connection, choice: Choice, most: int) -> list[Memory]:
    """The memories of a choice, the newest first, at most so many."""
    wanted = sa.select(*_SHOWN).where(choice.condition()).order_by(_C.written.desc(), _C.id).limit(most)
    return [_memory(row) for row in connection.execute(wanted)]


def owned(connection: sa.Connection, choice: Choice) -> list[Owned]:
    """How much there is of each owner in a choice."""
    owner = (_C.tenant, _C.user, _C.space)
    sums = sa.select(*owner, sa.func.count(), sa.func.sum(_C.bytes)).where(choice.condition())
    rows = connection.execute(sums.group_by(*owner).order_by(*owner))
    return [Owned(tenant, user, space, count, int(size)) for tenant, user, space, count, size in rows]


def forget(connection: sa.Connection, choice: Choice, now: float) -> int:
    """Deletes the memories of a choice, and from every copy that is restored what was written until now; how many.

    A tenant's or a user's are forgotten in older copies too where none of them is left here. Where `choice` names a
    user and no tenant, that holds for the tenants that have it here, and for what belongs to none.
    """
    if choice.ids:
        for each in choice.ids:
            bury(connection, "memory", each, now)
    elif choice.user is None:
        bury(connection, "memories of a tenant", str(choice.tenant), now)
    else:
        known = connection.execute(sa.select(_C.tenant).distinct().where(_C.user == choice.user)).scalars()
        for tenant in {*known, ""} if choice.tenant is None else {choice.tenant}:
            bury(connection, "memories of a user", digest_of(tenant, choice.user), now)
    return connection.execute(sa.delete(MEMORIES).where(choice.condition())).rowcount


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
        match = _MATCH.bindparams(match=f'owner : "{owner.digest[:3]}" AND folded : ({words})')
        found.append(_C.number.in_(match.columns(sa.column("rowid", sa.Integer))))
    return sa.or_(*found)


def _memory(row: Any) -> Memory:
    owner = Owner(row.tenant, row.user, row.space)
    return Memory(row.id, owner, row.agent, row.release, row.run, row.written, row.keep_until, row.text)


@cache
def _put(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, MEMORIES)
    again = {name: made.excluded[name] for name in ("agent", "release", "run", "written", "keep_until")}
    return made.on_conflict_do_update(index_elements=["id"], set_=again)
