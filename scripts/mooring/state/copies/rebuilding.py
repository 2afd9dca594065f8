"""Builds a database from a copy beside the one that is there, and puts it in its place when all of it is right."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from mooring.state.copies.rebuild import Files
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.place.address import Address
from mooring.state.unavailable import TooNew


class Rebuild(Protocol):
    """A database with the tables that a copy was made of, and no rows yet."""

    address: Address

    def load(self, files: Files) -> None:
        """Adds the rows of a collection. Raises Unavailable, OSError, and what reading the files raises."""

    def loaded(self) -> dict[str, Any]:
        """What each table holds, as `Facts.tables` says it. Raises Unavailable."""

    def complete(self) -> None:
        """Carries out the migrations that came after the copy. Raises Unavailable."""


def rebuilding(address: Address, scratch: Path, migrations: tuple[str, ...]) -> AbstractContextManager[Rebuild]:
    """A database as `migrations` made it, which takes the place of that at `address` when the block ends well.

    What was there before is kept under another name, a time and `before`. Raises TooNew when this code does not know
    the migrations, Unavailable, OSError.
    """
    known = tuple(migration.name for migration in MIGRATIONS)
    if known[: len(migrations)] != migrations:
        unknown = next(name for number, name in enumerate(migrations) if known[number : number + 1] != (name,))
        raise TooNew(f"the copy has tables of another version ({unknown!r}), which this one does not know")
    if address.file:
        from mooring.state.copies.sqlite_rebuild import rebuilding as sqlite

        return sqlite(address, scratch, len(migrations))
    from mooring.state.copies.postgres_rebuild import rebuilding as postgres

    return postgres(address, len(migrations))
