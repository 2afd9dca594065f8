"""What a copy of a database is, whatever its engine."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mooring.state.address import Address

Piece = tuple[str, bytes]
"""Some bytes of a file, by its name; those of one file follow one another. The same rows make the same pieces, whatever
became of others, so that only what changed has to be shipped."""

MOST = 8 * 2**20
"""Bytes of a piece."""


@dataclass(frozen=True)
class Facts:
    """What is known of a database at one moment.

    `engine` is `sqlite` or `postgresql`; `migrations` are the names of those carried out, in order. `tables` has what
    each table holds: `rows`, and with PostgreSQL a `hash` of them in any order. `stream` is how far the stream is.
    """

    engine: str
    version: str
    migrations: tuple[str, ...]
    tables: dict[str, dict[str, Any]]
    stream: dict[str, Any]


class Snapshot(Protocol):
    """A database as it is at one moment, while others go on writing."""

    def tables(self, collection: str) -> list[str]:
        """The tables of a collection that are there."""

    def pieces(self, collection: str) -> Iterator[Piece]:
        """The rows of a collection. Raises Unavailable, OSError."""

    def facts(self) -> Facts:
        """What it holds; waits until all is counted. Raises Unavailable."""


def snapshot(address: Address, scratch: Path) -> AbstractContextManager[Snapshot]:
    """The database as it is now. `scratch` is an empty folder, where SQLite needs as much room again.

    Raises Unavailable, OSError.
    """
    if path := address.file:
        from mooring.state.copies import sqlite

        return sqlite.snapshot(path, scratch)
    from mooring.state.copies import postgres

    return postgres.snapshot(address)
