"""Copies of SQLite: the online backup, divided into small databases of some thousand rows each."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mooring.state.copies.collections import tables_of
from mooring.state.copies.copy import MOST, Facts, Piece
from mooring.state.unavailable import Unavailable

RANGE = 4096
"""Row numbers that one file is for. Rows keep their numbers, so deleting some changes no other file."""


@contextmanager
def snapshot(path: Path, scratch: Path) -> Iterator["SqliteSnapshot"]:
    """A backup of the file at `path`, made in `scratch` and deleted at the end. Raises Unavailable, OSError."""
    if not path.is_file():
        raise Unavailable(f"there is no {path}")
    whole = scratch / "whole.db"
    try:
        with _open(path) as source, _open(whole, "rwc") as copy:
            copy.execute("pragma synchronous = off")
            source.backup(copy)
            source.close()
            copy.execute("pragma journal_mode = off")
            yield SqliteSnapshot(copy, scratch)
    except sqlite3.Error as error:
        raise Unavailable(f"{path} cannot be copied: {error}") from error
    finally:
        whole.unlink(missing_ok=True)


class SqliteSnapshot:
    """See `Snapshot`."""

    def __init__(self, copy: sqlite3.Connection, scratch: Path) -> None:
        self._copy, self._scratch = copy, scratch
        self._tables = _tables(copy)

    def tables(self, collection: str) -> list[str]:
        return tables_of(collection, self._tables)

    def facts(self) -> Facts:
        migrations = tuple(name for (name,) in self._copy.execute("select name from versions order by number"))
        rows = {table: {"rows": _count(self._copy, table)} for table in self._tables}
        stream = self._copy.execute("select data from exports where name = 'stream'").fetchone()
        return Facts("sqlite", sqlite3.sqlite_version, migrations, rows, json.loads(stream[0]) if stream else {})

    def pieces(self, collection: str) -> Iterator[Piece]:
        for table in self.tables(collection):
            first, last = self._copy.execute(f'select min(rowid), max(rowid) from "{table}"').fetchone()  # noqa: S608
            for number in range(first // RANGE, last // RANGE + 1) if first is not None else ():
                path = self._scratch / "part.db"
                if self._divide(table, number, path):
                    yield from _read(path, f"{table}/{number:010}")

    def _divide(self, table: str, number: int, path: Path) -> bool:
        """Writes the rows of one range to a database of their own; False when there are none."""
        path.unlink(missing_ok=True)
        self._copy.execute("attach ? as part", (str(path),))
        try:
            self._copy.execute("pragma part.journal_mode = off")
            self._copy.execute("pragma part.synchronous = off")
            among = "rowid between ? and ? order by rowid"
            made = f'create table part.rows as select * from main."{table}" where {among}'  # noqa: S608
            self._copy.execute(made.replace("?", "%d") % (number * RANGE, number * RANGE + RANGE - 1))
            return bool(self._copy.execute("select exists (select 1 from part.rows)").fetchone()[0])
        finally:
            self._copy.execute("detach part")


def _read(path: Path, name: str) -> Iterator[Piece]:
    with path.open("rb") as file:
        while data := file.read(MOST):
            yield name, data
    path.unlink()


def load(path: Path, scratch: Path, files: Iterable[tuple[str, Iterable[bytes]]]) -> dict[str, int]:
    """Adds the rows of files to a database that has their tables; how many rows by table.

    Each row is compared with what the file holds. Raises Unavailable, OSError, and what reading the files raises.
    """
    added: dict[str, int] = {}
    try:
        with _open(path) as target:
            target.execute("pragma synchronous = off")
            for name, pieces in files:
                part = scratch / "part.db"
                with part.open("wb") as file:
                    file.writelines(pieces)
                table = name.partition("/")[0]
                added[table] = added.get(table, 0) + _add(target, part, table)
                part.unlink()
    except sqlite3.Error as error:
        raise Unavailable(f"the copy cannot be read: {error}") from error
    return added


def _add(target: sqlite3.Connection, part: Path, table: str) -> int:
    target.execute("attach ? as part", (str(part),))
    try:
        target.execute("pragma trusted_schema = off")
        if target.execute("select type from part.sqlite_master where name = 'rows'").fetchone() != ("table",):
            raise sqlite3.DatabaseError("there is no table in it")
        columns = ", ".join(f'"{row[1]}"' for row in target.execute("pragma part.table_info(rows)"))
        number = target.execute("select count(*) from part.rows").fetchone()[0]
        target.execute("begin immediate")
        target.execute(f'insert into main."{table}" ({columns}) select {columns} from part.rows order by rowid')  # noqa: S608
        target.execute("commit")
        return int(number)
    finally:
        if target.in_transaction:
            target.execute("rollback")
        target.execute("detach part")


def check(path: Path) -> None:
    """Checks the file as a whole. Raises Unavailable."""
    with _open(path) as database:
        if (said := database.execute("pragma integrity_check").fetchone()[0]) != "ok":
            raise Unavailable(f"{path}: {said}")


@contextmanager
def _open(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=10, isolation_level=None)) as made:
        yield made


def counted(path: Path) -> dict[str, dict[str, int]]:
    """How many rows each table has."""
    with _open(path) as database:
        names = _tables(database)
        return {name: {"rows": _count(database, name)} for name in names}


def _tables(database: sqlite3.Connection) -> list[str]:
    """Neither virtual tables nor what these keep for themselves."""
    found = database.execute("select name from pragma_table_list where schema = 'main' and type = 'table'")
    return sorted(name for (name,) in found if not name.startswith("sqlite_"))


def _count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f'select count(*) from "{table}"').fetchone()[0])  # noqa: S608 - a name it has itself
