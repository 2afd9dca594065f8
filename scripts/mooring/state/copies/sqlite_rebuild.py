"""Builds a SQLite file from a copy, beside the one that is there."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from mooring import private
from mooring.state.copies import sqlite
from mooring.state.copies.rebuild import Files, catch_up, create
from mooring.state.place.address import Address

SUFFIXES = ("", "-wal", "-shm")


class SqliteRebuild:
    """See `Rebuild`."""

    def __init__(self, path: Path, scratch: Path, environment: str) -> None:
        self.address = Address(f"sqlite:///{path}", environment)
        self._path, self._scratch = path, scratch

    def load(self, files: Files) -> None:
        sqlite.load(self._path, self._scratch, files)

    def loaded(self) -> dict[str, Any]:
        sqlite.check(self._path)
        return sqlite.counted(self._path)

    def complete(self) -> None:
        catch_up(self.address)


@contextmanager
def rebuilding(address: Address, scratch: Path, migrations: int) -> Iterator[SqliteRebuild]:
    """See `rebuild.rebuilding`."""
    path = Path(address.file or "")
    made = path.with_name(f"{path.name}.restoring")
    _delete(made)
    private.folder(path.parent)
    private.file(made)
    rebuild = SqliteRebuild(made, scratch, address.environment)
    try:
        create(rebuild.address, migrations)
        yield rebuild
        _whole(made)
        if path.exists():
            _keep(path)
        made.replace(path)
    finally:
        _delete(made)


def _keep(path: Path) -> None:
    """Gives what is there another name; the file stays under its own until it is replaced."""
    kept = _free(path)
    try:
        _whole(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:  # it is broken, and what stands beside it must not be taken for the new file's
        for suffix in SUFFIXES[1:]:
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(kept.with_name(kept.name + suffix))
    os.link(path, kept)


def _whole(path: Path) -> None:
    """Writes into the file what stands beside it."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as database:
        database.execute("pragma wal_checkpoint(truncate)")
        database.execute("pragma journal_mode = delete")


def _free(path: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return path.with_name(f"{path.name}.before-{stamp}")


def _delete(path: Path) -> None:
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
