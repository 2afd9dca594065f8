"""The SQLite file: how a connection to it is prepared, and which file it is."""

import sqlite3
import time
from pathlib import Path

OPENING_MS = 10_000
"""How long one that opens the file waits: others may be making all tables, on a slow disk."""

MISSING = (0, 0)
"""What `which` says where no file is."""

_PAUSE = 0.01


def prepare(connection: sqlite3.Connection, busy_ms: int, synchronous: str) -> None:
    """Sets how long a statement waits for other processes, and how safely a commit is written. Raises sqlite3.Error."""
    connection.execute(f"pragma busy_timeout={busy_ms}")
    connection.execute(f"pragma synchronous={synchronous}")
    end = time.monotonic() + OPENING_MS / 1000
    while True:
        try:
            # The only statement that does not wait: of those that open a new file at once, one finds it locked.
            connection.execute("pragma journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        else:
            return


def which(path: Path | None) -> tuple[int, int] | None:
    """Which file is at a path: writes to one that was deleted succeed and are lost."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return MISSING
    return found.st_dev, found.st_ino
