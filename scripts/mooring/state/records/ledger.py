"""The ledger: transitions of environments, append-only and hash-chained.

Each environment has a chain. An entry's hash covers the hash before it, its number, its environment and its text, so
that none can be changed or removed without breaking the chain; `chains` says where each one ends. Whoever can rewrite
all tables can write another history: the last hash is printed in receipts and revert commits, outside of them.
"""

import hashlib
from dataclasses import asdict, dataclass

from mooring.state.records.statements import Statements

START = "0" * 64
"""The hash before the first entry."""

TRIGGERS = {"sqlite": ("ledger_is_never_changed", "ledger_is_never_deleted"), "postgresql": ("ledger_is_append_only",)}
"""What keeps it append-only."""

_LOCK = """insert into chains values (:environment, 0, :start)
    on conflict (environment) do update set environment = excluded.environment returning seq, hash"""
_ENTRY = (
    "insert into ledger (environment, seq, body, previous, hash) values (:environment, :seq, :body, :previous, :hash)"
)
_HEAD = "update chains set seq = :seq, hash = :hash where environment = :environment"
_ROWS = "select environment, seq, body, previous, hash from ledger"
_OF = f"{_ROWS} where environment = :environment order by seq desc limit :most"
_BEFORE = f"{_ROWS} where environment = :environment and seq < :seq order by seq desc limit :most"
_NEWEST = f"{_ROWS} order by seq desc, environment limit :most"
_SAYING = f"{_ROWS} where environment = :environment and body like :one and body like :other order by seq desc"
_NEWEST_SAYING = f"{_SAYING} limit 1"
_FIRST_SAYING = f"""{_ROWS} where environment = :environment and seq > :after and body like :one
    order by seq limit 1"""
_LAST = f"{_ROWS} where environment = :environment and body like :event order by seq desc limit 1"
_NOTED = f"""{_ROWS} where environment = :environment and seq > :after and body like :noted
    order by seq desc limit :most"""
_COUNT = "select count(*) from ledger where environment = :environment and body like :event"
_KIND = f"{_ROWS} where environment = :environment and seq > :seq and body like :event order by seq"
_AFTER = f"{_ROWS} where environment = :environment and seq > :seq order by seq limit 500"


class Broken(Exception):
    """The ledger was changed by other means than `append`; the message says where."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as stored. `body` is JSON."""

    environment: str
    seq: int
    body: str
    previous: str
    hash: str

    @property
    def sealed(self) -> bool:
        """Whether its hash is that of its content."""
        return self.hash == seal(self.previous, self.seq, self.environment, self.body)


def seal(previous: str, seq: int, environment: str, body: str) -> str:
    """The hash of an entry."""
    return hashlib.sha256(f"{previous}\n{seq}\n{environment}\n{body}".encode()).hexdigest()


def lock(statements: Statements, environment: str) -> tuple[int, str]:
    """Lets nobody else write to an environment's ledger or lease until the transaction ends; its last number and hash.

    One row is what they all wait for, so that none can wait for another in a circle.
    """
    [(seq, link)] = statements(_LOCK, environment=environment, start=START)
    return seq, link


def append(statements: Statements, environment: str, body: str) -> Row:
    """Adds an entry."""
    seq, previous = lock(statements, environment)
    row = Row(environment, seq + 1, body, previous, seal(previous, seq + 1, environment, body))
    insert(statements, row)
    return row


def insert(statements: Statements, row: Row) -> None:
    """Adds an entry that goes on from the last one; the environment is locked."""
    statements(_ENTRY, **asdict(row))
    statements(_HEAD, environment=row.environment, seq=row.seq, hash=row.hash)


def newest(statements: Statements, most: int, environment: str | None = None) -> list[Row]:
    """The newest entries, the newest first."""
    if environment is None:
        return [Row(*row) for row in statements(_NEWEST, most=most)]
    return [Row(*row) for row in statements(_OF, environment=environment, most=most)]


def before(statements: Statements, environment: str, seq: int, most: int) -> list[Row]:
    """The entries of an environment before a number, the newest first."""
    return [Row(*row) for row in statements(_BEFORE, environment=environment, seq=seq, most=most)]


def end(statements: Statements, environment: str) -> int:
    """The number of the last entry of an environment, 0 where there is none."""
    ends = statements("select seq from chains where environment = :environment", environment=environment)
    return int(ends[0][0]) if ends else 0


def noted(statements: Statements, environment: str, most: int, after: int) -> list[Row]:
    """At most so many notes of an environment after a number, the newest first."""
    found = statements(_NOTED, environment=environment, after=after, most=most, noted='%"event":"noted"%')
    return [Row(*row) for row in found]


def saying(statements: Statements, environment: str, one: str, other: str) -> list[Row]:
    """Entries whose text has both words, the newest first."""
    return [Row(*row) for row in statements(_SAYING, environment=environment, one=f"%{one}%", other=f"%{other}%")]


def newest_saying(statements: Statements, environment: str, one: str, other: str) -> Row | None:
    """The newest entry whose text has both words."""
    rows = statements(_NEWEST_SAYING, environment=environment, one=f"%{one}%", other=f"%{other}%")
    return Row(*rows[0]) if rows else None


def first_saying(statements: Statements, environment: str, one: str, after: int) -> Row | None:
    """The oldest entry after a number whose text has a word."""
    rows = statements(_FIRST_SAYING, environment=environment, one=f"%{one}%", after=after)
    return Row(*rows[0]) if rows else None


def last(statements: Statements, environment: str, event: str) -> Row | None:
    """The newest entry with a kind of event."""
    rows = statements(_LAST, environment=environment, event=f'%"event":"{event}"%')
    return Row(*rows[0]) if rows else None


def count(statements: Statements, environment: str, event: str) -> int:
    """How many entries of an environment have a kind of event."""
    return int(statements(_COUNT, environment=environment, event=f'%"event":"{event}"%')[0][0])


def after(statements: Statements, environment: str, event: str, seq: int) -> list[Row]:
    """The entries of an environment with a kind of event, after a number, the oldest first."""
    found = statements(_KIND, environment=environment, seq=seq, event=f'%"event":"{event}"%')
    return [Row(*row) for row in found]


def check(statements: Statements) -> int:
    """The number of entries. Raises Broken for the first that was altered, and for what is missing."""
    ends = {
        environment: (seq, link) for environment, seq, link in statements("select environment, seq, hash from chains")
    }
    for (environment,) in statements("select distinct environment from ledger"):
        if environment not in ends:
            raise Broken(f"the end of the chain of {environment} is missing")
    counts = [_check(statements, environment, *end) for environment, end in sorted(ends.items())]
    if not set(TRIGGERS[statements.engine]) <= set(_triggers(statements)):
        raise Broken("a trigger that keeps it append-only is missing")
    return sum(counts)


def _check(statements: Statements, environment: str, last: int, link: str) -> int:
    previous, count = START, 0
    while rows := [Row(*row) for row in statements(_AFTER, environment=environment, seq=count)]:
        for row in rows:
            count += 1
            if row.seq != count or row.previous != previous or not row.sealed:
                raise Broken(f"the chain of {environment} breaks at entry {count}")
            previous = row.hash
    if count < last:
        raise Broken(f"{last - count} entries are missing at the end of the chain of {environment}")
    if previous != link:
        raise Broken(f"the chain of {environment} does not end as it did")
    return count


def _triggers(statements: Statements) -> list[str]:
    if statements.engine == "sqlite":
        found = statements("select name from sqlite_master where type = 'trigger' and tbl_name = 'ledger'")
    else:
        found = statements("select tgname from pg_trigger where tgrelid = 'ledger'::regclass and tgenabled = 'A'")
    return [name for (name,) in found]
