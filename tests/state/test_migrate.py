"""The tables come about whole or not at all, once, and a version that is too old for them is refused."""

import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring import private, state
from mooring.state.engine.engine import SCHEMA, Address, engine, file_of
from mooring.state.migrations.migrate import migrate, undo
from mooring.state.migrations.migration import Migration
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.tables import TABLES
from mooring.state.unavailable import TooNew

for module in pkgutil.walk_packages(state.__path__, "mooring.state."):
    importlib.import_module(module.name)
KIND = {"TEXT": "text", "INTEGER": "number", "BIGINT": "number", "REAL": "real", "DOUBLE PRECISION": "real"}
KIND |= {"BLOB": "bytes", "BYTEA": "bytes", "DOUBLE": "real", "DOUBLE_PRECISION": "real"}

SECOND = Migration(
    "colours",
    up=("create table colours (name $text primary key)", "insert into colours values ('red')"),
    down=("drop table colours",),
    backward_compatible=True,
)
BREAKS = Migration("no answers", up=("drop table answers",), down=(), backward_compatible=False)
FAILS = Migration(
    "fails", up=("create table half (name $text)", "insert into nowhere values (1)"), down=(), backward_compatible=True
)


@pytest.fixture
def opened(database_url: str) -> sa.Engine:
    if path := file_of(database_url):
        private.file(path)
    return engine(database_url)


def names(opened: sa.Engine) -> set[str]:
    schema = SCHEMA if opened.dialect.name == "postgresql" else None
    found = set(sa.inspect(opened).get_table_names(schema=schema))
    return {name for name in found if not name.startswith("memories_search")}


def test_what_the_code_declares_is_what_the_migrations_make(opened: sa.Engine) -> None:
    assert migrate(opened) == len(MIGRATIONS)
    inspector, schema = sa.inspect(opened), SCHEMA if opened.dialect.name == "postgresql" else None
    assert set(TABLES.tables) == names(opened) - {"versions"}
    for table in TABLES.sorted_tables:
        made = inspector.get_columns(table.name, schema=schema)
        told = [
            (column.name, KIND[str(column.type.compile(opened.dialect))], column.nullable) for column in table.columns
        ]
        keys = inspector.get_pk_constraint(table.name, schema=schema)["constrained_columns"]
        found = [
            (each["name"], KIND[str(each["type"])], each["nullable"] and each["name"] not in keys) for each in made
        ]
        assert found == told, table.name
        assert keys == [column.name for column in table.primary_key]
        indexes = {each["name"] for each in inspector.get_indexes(table.name, schema=schema)}
        assert {index.name for index in table.indexes} <= indexes


def test_a_second_start_finds_nothing_to_do(opened: sa.Engine) -> None:
    migrate(opened)
    assert migrate(opened) == 0
    assert migrate(opened, (*MIGRATIONS, SECOND)) == 1


def test_what_fails_in_the_middle_leaves_nothing_behind_and_is_done_again(opened: sa.Engine) -> None:
    with pytest.raises(sa.exc.SQLAlchemyError):
        migrate(opened, (*MIGRATIONS, FAILS))
    assert "half" not in names(opened)
    assert migrate(opened, (*MIGRATIONS, SECOND)) == 1
    assert "colours" in names(opened)


def killed_at(where: Address, at: int, work: Callable[[sa.Engine], object]) -> bool:
    """Does the work in a process that is killed after its statement number `at`; whether it got that far."""
    if (child := os.fork()) == 0:
        opened, seen = engine(where), list[object]()

        @sa.event.listens_for(opened, "after_cursor_execute")
        def count(*told: object) -> None:
            seen.append(told)
            if len(seen) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            work(opened)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def places(url: str, tmp_path: Path) -> Iterator[Address]:
    """Empty databases without end: files, or schemas of one server."""
    for number in count():
        if file_of(url):
            private.file(tmp_path / f"{number}" / "state.db")
            yield Address(f"sqlite:///{tmp_path / str(number) / 'state.db'}", f"k{number}")
        else:
            yield Address(url, f"k{number}")


def shape(opened: sa.Engine, where: Address) -> dict[str, list[str]]:
    """Every table with its columns."""
    inspector, schema = sa.inspect(opened), None if where.file else where.schema
    names = inspector.get_table_names(schema=schema)
    return {name: [column["name"] for column in inspector.get_columns(name, schema=schema)] for name in names}


def shapes(url: str, tmp_path: Path, migrations: Sequence[Migration]) -> list[dict[str, list[str]]]:
    """The tables after each number of migrations, 0 first."""
    where = next(places(url, tmp_path / "shapes"))
    where = where if where.file else Address(url, "shapes")
    opened = engine(where)
    found: list[dict[str, list[str]]] = [{}]
    for number in range(1, len(migrations) + 1):
        migrate(opened, migrations[:number])
        found.append(shape(opened, where))
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)  # a database for each statement of all migrations
@pytest.mark.parametrize("back", [False, True], ids=["forward", "backward"])
def test_a_process_killed_at_any_statement_leaves_whole_migrations_that_the_next_one_goes_on_with(
    database_url: str, tmp_path: Path, back: bool
) -> None:
    known = (*MIGRATIONS, SECOND)
    whole = shapes(database_url, tmp_path, known)
    begun = {"versions": ["number", "name", "backward_compatible", "applied"]}
    for at, where in enumerate(places(database_url, tmp_path), 1):
        if back:
            migrate(engine(where), known)
        reached = killed_at(where, at, lambda opened: undo(opened, 0, known) if back else migrate(opened, known))
        opened = engine(where)
        found = shape(opened, where)
        assert found in whole or found == begun, at
        migrate(opened, known)
        assert shape(opened, where) == whole[-1]
        with opened.connect() as connection:
            assert connection.exec_driver_sql("select name from colours").scalars().all() == ["red"]
            numbers = connection.exec_driver_sql("select number from versions order by number").scalars().all()
        assert numbers == list(range(1, len(known) + 1))
        opened.dispose()
        if not reached:
            break
    assert at > sum(len(each.down if back else each.up) for each in known)


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    if path := file_of(database_url):
        private.file(path)
    code = (
        "import sys, time\nfrom mooring.state.engine.engine import engine\n"
        "from mooring.state.migrations.migrate import migrate\n"
        f"opened = engine({database_url!r})\n"
        "time.sleep(max(0, float(sys.argv[1]) - time.time()))\nprint(migrate(opened))\n"
    )
    begin = str(time.time() + 1.5)
    started = [
        subprocess.Popen([sys.executable, "-c", code, begin], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = [each.communicate(timeout=60) for each in started]
    assert [each.returncode for each in started] == [0] * 4, told
    assert sum(int(out) for out, _ in told) == len(MIGRATIONS)


def test_tables_that_a_newer_version_has_made_unfit_are_refused(opened: sa.Engine) -> None:
    migrate(opened, (*MIGRATIONS, BREAKS))
    with pytest.raises(TooNew, match="newer version"):
        migrate(opened)


def test_tables_that_still_serve_the_release_before_are_not_refused(opened: sa.Engine) -> None:
    migrate(opened, (*MIGRATIONS, SECOND))
    assert migrate(opened) == 0
    migrate(opened, (*MIGRATIONS, SECOND, BREAKS))
    with pytest.raises(TooNew):
        migrate(opened)


VALUES = {"text": "some text", "number": 7, "real": 1.5, "bytes": b"some bytes"}


def fill(opened: sa.Engine, where: Address) -> dict[str, list[dict[str, Any]]]:
    """One row in each table that has none; all rows of all tables."""
    found: dict[str, list[dict[str, Any]]] = {}
    schema = None if where.file else where.schema
    indexes = {name for name in shape(opened, where) if name.startswith("memories_search")}
    for name in sorted(set(shape(opened, where)) - {"versions"} - indexes):
        table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=opened)
        row = {column.name: VALUES[KIND[str(column.type)]] for column in table.columns}
        with opened.begin() as connection:
            if connection.execute(sa.select(table)).first() is None:
                connection.execute(sa.insert(table), row)
            found[name] = [dict(each._mapping) for each in connection.execute(sa.select(table))]
    return found


def kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether what both have is the same."""
    return all(
        {key: row[key] for key in row if key in other} == {key: other[key] for key in other if key in row}
        for name in before.keys() & after.keys()
        for row, other in zip(before[name], after[name], strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, len(MIGRATIONS) + 1))
def test_every_migration_goes_up_down_and_up_and_keeps_what_was_there(database_url: str, number: int) -> None:
    where = Address(database_url, "local")
    if where.file:
        private.file(where.file)
    opened, known = engine(where), MIGRATIONS[:number]
    migrate(opened, MIGRATIONS[: number - 1])
    before, tables = fill(opened, where), shape(opened, where)
    migrate(opened, known, [each.name for each in known])
    made = shape(opened, where)
    after = fill(opened, where)
    undo(opened, number - 1, known)
    assert shape(opened, where) == tables | {"versions": made["versions"]}
    again = fill(opened, where)
    if MIGRATIONS[number - 1].backward_compatible:
        assert kept(before, after)
        assert kept(before, again)
        assert before.keys() <= after.keys()
    migrate(opened, known, [each.name for each in known])
    assert shape(opened, where) == made
    undo(opened, 0, known)
    assert set(shape(opened, where)) == {"versions"}
