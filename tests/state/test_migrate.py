"""The tables come about whole or not at all, once, and a version that is too old for them is refused."""

import importlib
import pkgutil
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from mooring import private, state
from mooring.state.engine import SCHEMA, engine, file_of
from mooring.state.migrate import migrate, undo
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


def done(opened: sa.Engine, found: set[str]) -> int:
    """How many migrations were carried out."""
    if "versions" not in found:
        return 0
    with opened.connect() as connection:
        return int(connection.exec_driver_sql("select count(*) from versions").scalar_one())


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


@pytest.mark.slow
@pytest.mark.parametrize("at", range(1, 13))
def test_a_process_killed_at_any_statement_leaves_all_or_nothing_of_a_migration(database_url: str, at: int) -> None:
    if path := file_of(database_url):
        private.file(path)
    code = (
        "import os, signal, sqlalchemy as sa\n"
        "from mooring.state.engine import engine\nfrom mooring.state.migrate import migrate\n"
        "from tests.state.test_migrate import MIGRATIONS, SECOND\n"
        f"opened, seen = engine({database_url!r}), []\n"
        "@sa.event.listens_for(opened, 'after_cursor_execute')\n"
        "def count(*told):\n"
        "    if told[2].startswith(('create', 'insert')):\n"
        "        seen.append(told)\n"
        f"    if len(seen) == {at}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "migrate(opened, (*MIGRATIONS, SECOND))\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()
    opened = engine(database_url)
    found = names(opened)
    assert ("runs" in found) == ("taken_over" in found) == ("versions" in found)
    assert "colours" not in found
    assert migrate(opened, (*MIGRATIONS, SECOND)) == len(MIGRATIONS) + 1 - done(opened, found)
    with opened.connect() as connection:
        assert connection.exec_driver_sql("select name from colours").scalars().all() == ["red"]


def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    if path := file_of(database_url):
        private.file(path)
    code = (
        "import sys, time\nfrom mooring.state.engine import engine\nfrom mooring.state.migrate import migrate\n"
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


@pytest.mark.parametrize("migrations", [MIGRATIONS, (*MIGRATIONS, SECOND)])
def test_every_migration_can_be_undone_and_done_again(opened: sa.Engine, migrations: Sequence[Migration]) -> None:
    migrate(opened, migrations)
    for number in range(len(migrations) - 1, -1, -1):
        undo(opened, number, migrations)
    assert names(opened) == {"versions"}
    assert migrate(opened, migrations) == len(migrations)
