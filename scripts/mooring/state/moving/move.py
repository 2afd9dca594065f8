"""Moves the state of an environment from one database to another while it serves, losing nothing.

All rows are copied while changes are written down, and what changed is copied again until little is left. Then nobody
writes for a moment: the rest is copied, and the old database says where the state is now. That commit is the move:
before it the old place is in force, after it the new one, wherever this process is killed.

That moment is as long as the rest is, however large the database: nothing is read that has not changed. Before it every
key of both places was compared. One that was the same in both and has changed since was written down by the transaction
that changed it; so it is either still the same, or among the rest.
"""

import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa

from mooring.state.engine.engine import engine
from mooring.state.engine.fitness import check
from mooring.state.engine.identity import IDENTITY, arrive
from mooring.state.engine.told import told
from mooring.state.migrations.migrate import applied
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.moving.changes import changed, follow, settled, unfollow
from mooring.state.moving.tables import BATCH, Copied, copied, counts
from mooring.state.moving.target import emptied, numbered, numbers, still, sync
from mooring.state.place.address import Address
from mooring.state.unavailable import Unavailable

Notify = Callable[[str], None]

BARRIER_SECONDS = 0.8
"""For which nobody can write at most: less than anybody waits for a lock."""

FEW, MOST, ROUNDS, SWITCHES = 200, 5000, 20, 10
"""Rows that may be left for the moment in which nobody writes, changes that are copied at once, and how often each is
tried: to come down to so few, and to copy those in time."""


@dataclass(frozen=True, slots=True)
class Moved:
    """`rows` by table; `barrier_ms` is how long nobody could write. Both are None where it was moved before."""

    rows: dict[str, int] | None = None
    barrier_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """Both places, and how each is named: `env:NAME` or `sqlite`."""

    source: Address
    target: Address
    source_name: str
    target_name: str


def move(ends: Ends, notify: Notify) -> Moved:
    """Moves it, or finishes what a killed process began. Raises Unavailable; then the old place is still in force."""
    old = engine(ends.source)
    try:
        check(old, ends.source)
        if (token := _gone(old, ends)) is not None:
            new = engine(ends.target)
            arrive(new, token)
            new.dispose()
            return Moved()
        if len(applied(old)) != len(MIGRATIONS):
            raise Unavailable("the database lacks migrations of this version", "moor deploy first")
        notify("making the new database")
        token = secrets.token_hex(8)
        with old.begin() as connection:
            # Whoever comes to the new place is sent here, and must find that it is meant.
            connection.execute(sa.update(IDENTITY).values(moving=token))
            row = connection.execute(sa.select(IDENTITY)).one()
        new = emptied(ends.target, {**row._mapping, "moved_to": ends.source_name})
        try:
            return _Move(old, new, ends, notify, token).run()
        finally:
            new.dispose()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise Unavailable(*told(error)) from error
    finally:
        old.dispose()


def _gone(old: sa.Engine, ends: Ends) -> str | None:
    """The name of the move that has left this place for the target. Raises Unavailable if it left for another."""
    with old.connect().execution_options(mooring_read=True) as connection:
        row = connection.execute(sa.select(IDENTITY.c.moving, IDENTITY.c.moved_to)).first()
    if row is None or row.moved_to is None:
        return None
    if row.moved_to != ends.target_name:
        raise Unavailable(f"the state was moved to {row.moved_to} already", "move it from there")
    return str(row.moving)


class _TooSlow(Unavailable):
    """Nobody could write for longer than may be."""


class _Move:
    def __init__(self, old: sa.Engine, new: sa.Engine, ends: Ends, notify: Notify, token: str) -> None:
        self.old, self.new, self.ends, self.notify, self.token = old, new, ends, notify, token
        with old.connect().execution_options(mooring_read=True) as here, new.connect() as there:
            schemas = (self._schema(ends.source), self._schema(ends.target))
            self.given, self.rows = numbers(there), Counter[str]()
            self.tables = {table.name: table for table in copied(here, there, schemas)}

    def run(self) -> Moved:
        triggers = self._begin()
        try:
            for table in self.tables.values():
                self._copy(table)
            self._catch_up()
            for table in self.tables.values():
                self._verify(table)
            self._count()
            done = self._switched(triggers)
        finally:
            with self.old.begin() as connection:
                unfollow(connection, list(self.tables.values()))
        arrive(self.new, self.token)
        return done

    def _switched(self, triggers: Sequence[str]) -> Moved:
        for left in reversed(range(SWITCHES)):
            try:
                self._catch_up()
                return self._switch(triggers)
            except (Unavailable, sa.exc.OperationalError) as error:
                if not left or not _passes(error):
                    raise
        raise AssertionError

    def _begin(self) -> list[str]:
        """Begins to write changes down; what makes the target's triggers whole again."""
        self.notify("preparing both databases")
        with self.new.begin() as connection:
            triggers = still(connection)
        with self.old.begin() as connection:
            unfollow(connection, list(self.tables.values()))
            follow(connection, list(self.tables.values()))
        return triggers

    def _copy(self, table: Copied) -> None:
        done = 0
        for page in table.pages(self.old):
            with self._reading() as here, self.new.begin() as there:
                sync(here, there, table, page)
            done += len(page)
            self.notify(f"copying {table.name}: {done}")

    def _catch_up(self) -> None:
        """Copies again what changed, until little has or it does not become less: then the switch decides."""
        for _ in range(ROUNDS):
            with self._reading() as here:
                numbers, keys = changed(here, MOST)
                with self.new.begin() as there:
                    more = self._again(here, there, keys)
            self.rows.update(more)
            with self.old.begin() as connection:
                settled(connection, numbers)
            if sum(map(len, keys.values())) <= FEW:
                return
            self.notify(f"copying again what changed: {len(numbers)}")

    def _verify(self, table: Copied) -> None:
        """Raises Unavailable when a row of either place differs that has not changed since."""
        self.notify(f"verifying {table.name}")
        for page in chain(table.pages(self.old), table.pages(self.new)):
            with self._reading() as here, self.new.connect().execution_options(mooring_read=True) as there:
                before, after = table.rows(here, page), table.rows(there, page)
                wrong = {key for key in page if before.get(key) != after.get(key)}
                if wrong and wrong - changed(here, 1_000_000)[1].get(table.name, set()):
                    raise Unavailable(f"rows of {table.name} are not what they were", "the old place stays in force")

    def _count(self) -> None:
        """Of the new place, where nobody else writes; from here on they are added up."""
        with self.new.connect().execution_options(mooring_read=True) as there:
            self.rows = Counter(counts(there, self.tables.values()))

    def _switch(self, triggers: Sequence[str]) -> Moved:
        """Raises Unavailable when the rest takes too long to copy; then nobody has waited longer, and it may be tried
        again."""
        self.notify("switching")
        with self.old.begin() as here:
            begun = time.monotonic()
            if here.dialect.name == "postgresql":
                here.exec_driver_sql(f"set local lock_timeout to {max(1, int(BARRIER_SECONDS * 1000))}")
                here.exec_driver_sql("lock table identity in access exclusive mode")
                begun = time.monotonic()
            with self.new.begin() as there:
                more = self._again(here, there, changed(here, 1_000_000)[1])
                numbered(there, self.given)
                for statement in triggers:
                    there.exec_driver_sql(statement)
                if time.monotonic() - begun > BARRIER_SECONDS:
                    raise _TooSlow("the last changes took too long to copy", "move it when there is less traffic")
            self.rows.update(more)
            here.execute(sa.update(IDENTITY).values(moving=self.token, moved_to=self.ends.target_name))
        return Moved(dict(self.rows), round((time.monotonic() - begun) * 1000, 1))

    def _again(
        self, here: sa.Connection, there: sa.Connection, keys: dict[str, set[tuple[object, ...]]]
    ) -> dict[str, int]:
        """Copies the rows of these keys; how many more each table has now."""
        more = dict.fromkeys(keys, 0)
        for name, changes in keys.items():
            ordered = list(changes)
            for start in range(0, len(ordered), BATCH):
                more[name] += sync(here, there, self.tables[name], ordered[start : start + BATCH])
        return more

    def _reading(self) -> sa.Connection:
        return self.old.connect().execution_options(mooring_read=True)

    @staticmethod
    def _schema(address: Address) -> str | None:
        return None if address.file else address.schema


def _passes(error: Unavailable | sa.exc.OperationalError) -> bool:
    """Whether only others were in the way: what they wrote, or a transaction of theirs that took long."""
    if isinstance(error, sa.exc.OperationalError):
        return getattr(error.orig, "sqlstate", "") == "55P03"
    return isinstance(error, _TooSlow) or isinstance(error.__cause__, sqlite3.OperationalError)
