"""Opens a database as it is at one moment, whatever its engine."""

from contextlib import AbstractContextManager
from pathlib import Path

from mooring.state.copies.facts import Snapshot
from mooring.state.place.address import Address


def snapshot(address: Address, scratch: Path) -> AbstractContextManager[Snapshot]:
    """The database as it is now. `scratch` is an empty folder, where SQLite needs as much room again.

    Raises Unavailable, OSError.
    """
    if path := address.file:
        from mooring.state.copies import sqlite

        return sqlite.snapshot(path, scratch)
    from mooring.state.copies import postgres

    return postgres.snapshot(address)
