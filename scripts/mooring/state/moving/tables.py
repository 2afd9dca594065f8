"""Tables as they are in both databases, with the rows of some keys."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

LOG = "moving"
"""The table in which changes are written down meanwhile."""

APART = ("versions", "identity", LOG)
"""What each database has of its own."""

BATCH = 500

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that both have: the columns in common, and those that name a row."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def table(self) -> sa.TableClause:
        """For SQL; what types its values have is left to the drivers."""
        return _table(self.name, self.columns)

    def pages(self, engine: sa.Engine) -> Iterator[list[Key]]:
        """All keys in their order, some at a time; each page is read in a transaction of its own."""
        keys = [self.table.c[name] for name in self.key]
        last: Key | None = None
        while True:
            query = sa.select(*keys).order_by(*keys).limit(BATCH)
            if last is not None:
                query = query.where(sa.tuple_(*keys) > sa.tuple_(*(sa.literal(value) for value in last)))
            with engine.connect().execution_options(mooring_read=True) as connection:
                page = [tuple(row) for row in connection.execute(query)]
            if not page:
                return
            yield page
            last = page[-1]

    def rows(self, connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, tuple[Any, ...]]:
        """The rows of some keys, by key."""
        named = [self.table.c[name] for name in self.key]
        query = sa.select(*(self.table.c[name] for name in self.columns)).where(sa.tuple_(*named).in_(list(keys)))
        places = [self.columns.index(name) for name in self.key]
        found = (tuple(_plain(value) for value in row) for row in connection.execute(query))
        return {tuple(row[place] for place in places): row for row in found}


def copied(old: sa.Connection, new: sa.Connection, schemas: tuple[str | None, str | None]) -> list[Copied]:
    """The tables of both. What only one has, such as SQLite's index of words, follows from the rest."""
    inspectors = [(sa.inspect(each), schema) for each, schema in zip((old, new), schemas, strict=True)]
    names = [set(inspector.get_table_names(schema=schema)) for inspector, schema in inspectors]
    found = []
    for name in sorted((names[0] & names[1]) - set(APART)):
        columns = [
            [each["name"] for each in inspector.get_columns(name, schema=schema)] for inspector, schema in inspectors
        ]
        shared = tuple(each for each in columns[0] if each in columns[1])
        key = inspectors[0][0].get_pk_constraint(name, schema=schemas[0])["constrained_columns"]
        found.append(Copied(name, shared, tuple(key) or shared))
    return found


def counts(connection: sa.Connection, tables: Iterable[Copied]) -> dict[str, int]:
    """The rows of each table, in one statement."""
    each = {table.name: sa.select(sa.func.count()).select_from(table.table).scalar_subquery() for table in tables}
    return dict(zip(each, connection.execute(sa.select(*each.values())).one(), strict=True))


@cache
def _table(name: str, columns: tuple[str, ...]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value
