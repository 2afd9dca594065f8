"""What all tables share."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

TABLES = sa.MetaData()
"""Every table. What makes them are the migrations; a test holds that both say the same."""

SECONDS = sa.Double
"""Unix time."""


Insert = sqlite.Insert | postgresql.Insert


def text(name: str, **more: Any) -> sa.Column[Any]:
    """A column of text that always has a value."""
    return sa.Column(name, sa.Text, nullable=False, **more)


def number(name: str, **more: Any) -> sa.Column[Any]:
    """A column of whole numbers, of which each row has one."""
    return sa.Column(name, sa.BigInteger, nullable=False, **more)


def moment(name: str) -> sa.Column[Any]:
    """A column of Unix times."""
    return sa.Column(name, SECONDS, nullable=False)


def insert(dialect: str, table: sa.Table) -> Insert:
    """An INSERT that may say what happens on a conflict, which each database has a class of its own for."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
