"""One package opens the environment's database."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "scripts/mooring"

APART = {
    "operate/patrol/postgres.py": "what an environment depends on, which is not its own",
    "simulator/services/database.py": "what a demo world's services know",
}
"""Who opens one besides `state/`, and what it is for."""

OPENERS = {"sqlite3": {"connect"}, "sqlalchemy": {"create_engine", "create_async_engine", "engine_from_config"}}
OPENERS |= {"psycopg": {"connect", "Connection", "AsyncConnection"}}


def opens(source: str) -> Iterator[str]:
    """Every name by which a module opens a database."""
    tree = ast.parse(source)
    known = {
        (alias.asname or alias.name): alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = OPENERS.get(node.module.partition(".")[0], set())
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = known.get(node.value.id, "").partition(".")[0]
            # `sa.Connection` and `sqlite3.Connection` are types; a function is what opens.
            if node.attr in OPENERS.get(module, set()):
                yield node.attr


@pytest.mark.parametrize(
    "source",
    [
        "import sqlite3\nsqlite3.connect('x')",
        "import sqlite3 as s\ns.connect('x')",
        "from sqlite3 import connect",
        "import sqlalchemy as sa\nsa.create_engine('x')",
        "from sqlalchemy.ext.asyncio import create_async_engine",
        "import psycopg\npsycopg.connect('x')",
    ],
)
def test_an_opener_is_found(source: str) -> None:
    assert list(opens(source))


@pytest.mark.slow
def test_nothing_outside_the_package_opens_a_database() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(PACKAGE / "state") and list(opens(path.read_text()))
    }
    assert found == set(APART)
