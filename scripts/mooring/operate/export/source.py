"""One environment's state, and where its copies go."""

import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from mooring.errors import Failed, Refused
from mooring.operate.export.destination import Destination
from mooring.outcome import Reason
from mooring.spec import Export
from mooring.state.place.address import Address
from mooring.state.records import changes
from mooring.state.transactions import T, Transactions, Work
from mooring.state.unavailable import Unavailable

TERM = 60.0
"""Seconds that a lease on exporting holds without renewal."""


@dataclass(frozen=True)
class Origin:
    """Which database it is; `key` decides the names of its parts, so that nobody can guess what is in them."""

    name: str
    key: bytes = field(repr=False)


class Source:
    """The database of an environment and the destination of its exports.

    Methods raise Failed(STORAGE) when the database does not answer.
    """

    def __init__(
        self,
        environment: str,
        address: Address,
        document: Export,
        state: Path,
        environ: Mapping[str, str] = os.environ,
        owner: str = "",
    ) -> None:
        self.environment, self.document, self.state, self.environ = environment, document, state, environ
        self._address = address
        self.database = Transactions(address, state)
        self.destination = Destination(document.destination, environment, state, environ)
        self.owner = owner or changes.holder()

    @property
    def address(self) -> Address:
        """Where the database is now: it may be moved at any time."""
        return self.database.address or self._address

    def read(self, work: Work[T]) -> T:
        with storing():
            return self.database.read(work)

    def write(self, work: Work[T]) -> T:
        with storing():
            return self.database.write(work)

    def close(self) -> None:
        self.database.close()

    def origin(self) -> Origin:
        """Which database this is, said once; it is written only then, since a write holds up those of requests."""

        def said(connection: sa.Connection) -> Origin | None:
            known = changes.known(connection, "origin")
            return Origin(str(known["origin"]), bytes.fromhex(known["key"])) if known else None

        def say(connection: sa.Connection) -> Origin:
            if (known := said(connection)) is None:
                known = Origin(secrets.token_hex(8), secrets.token_bytes(32))
                changes.tell(connection, "origin", time.time(), origin=known.name, key=known.key.hex())
            return known

        return self.read(said) or self.write(say)

    def inherit(self, name: str) -> None:
        """Makes this, which was restored from copies of that database, the one whose copies come after them."""
        known = {"origin": name, "key": secrets.token_hex(32)}
        self.write(lambda connection: changes.tell(connection, "origin", time.time(), **known))

    @contextmanager
    def lease(self, name: str) -> Iterator["Lease"]:
        """The right to make a kind of export. Refused(LOCKED) says who has it."""
        lease = Lease(self, name)
        lease.renew()
        try:
            yield lease
        finally:
            with suppress(Failed):
                self.write(lambda connection: changes.let_go(connection, name, self.owner))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder on the disk of the state, for its owner alone."""
        with storing():
            self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = tempfile.TemporaryDirectory(prefix="export-", dir=self.state)
        with folder as path:
            yield Path(path)


class Lease:
    """A lease that is held."""

    def __init__(self, source: Source, name: str) -> None:
        self._source, self._name = source, name
        self._next = 0.0

    def renew(self) -> None:
        """Asks for more time when a third of it is over. Refused(LOCKED) when somebody else has it."""
        if time.monotonic() < self._next:
            return
        owner = self._source.owner
        other = self._source.write(lambda connection: changes.take(connection, self._name, owner, TERM))
        if other is not None:
            what = f"{self._source.environment} is being exported by {other}"
            raise Refused(Reason.LOCKED, what, f"wait for it; it is free {TERM:.0f} s after that process ended")
        self._next = time.monotonic() + TERM / 3


@contextmanager
def storing() -> Iterator[None]:
    """Turns errors of the database and the disk into Failed(STORAGE) with one line."""
    try:
        yield
    except Unavailable as error:
        raise Failed(Reason.STORAGE, f"the state cannot be used: {error}", "see that the database answers") from None
    except OSError as error:
        raise Failed(Reason.STORAGE, f"the state cannot be used: {error.strerror or error}", "make room") from None
