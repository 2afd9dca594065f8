"""Transactions for callers that may wait: commands, the supervisor, and the threads of `Database`."""

import logging
import random
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from mooring import private
from mooring.state.engine.engine import engine, opening
from mooring.state.engine.fitness import check
from mooring.state.engine.identity import arrive, claim
from mooring.state.engine.told import again, told
from mooring.state.former import files
from mooring.state.former.takeover import take_over
from mooring.state.migrations import fence
from mooring.state.migrations.migrate import migrate
from mooring.state.place.address import Address
from mooring.state.place.file import which
from mooring.state.place.mounts import warnings
from mooring.state.unavailable import Moved, Unavailable

T = TypeVar("T")

Work = Callable[[sa.Connection], T]

_LOGGER = logging.getLogger("mooring.runtime")

TRIES, PAUSE = 8, 0.02
"""How often a transaction is begun that another one was in the way of, and about how many seconds lie between."""

OPENING = 10.0
"""Seconds that a caller waits while another thread opens the database, unless it says otherwise."""


class Transactions:
    """Opened, and its tables brought up to date, at the first use, and again when its file is gone.

    `where` is None where nothing may be kept. `old` is a folder with what earlier versions kept there. Any thread may
    use it. Every method raises Unavailable. Work is done again when the database undid it for the sake of another
    transaction, or when a connection broke before the commit; so it does nothing but talk to the database.
    `patience` is for how many seconds a caller waits, and the database may say nothing.
    """

    def __init__(self, where: str | Address | None, old: Path | None = None, patience: float | None = None) -> None:
        self._address = Address.of(where) if where else None
        self._old = old
        self._patience = patience
        self._path = self._address.file if self._address else None
        self._move: str | None = None
        self._known: tuple[int, int] | None = None
        self._engine: sa.Engine | None = None
        self._opening = threading.Lock()

    @property
    def begun(self) -> bool:
        """Whether there may be anything to read: in a folder that nobody made, there is not."""
        return self._path is None or self._path.parent.is_dir()

    def read(self, work: Work[T], patience: float | None = None) -> T:
        """The result of a statement that changes nothing."""
        return self._do(work, patience, reads=True)

    def write(self, work: Work[T], patience: float | None = None) -> T:
        """The result of work that is done as a whole or not at all."""
        return self._do(work, patience, reads=False)

    @property
    def address(self) -> Address | None:
        """Where it is now."""
        return self._address

    def close(self) -> None:
        """To be called once nobody uses it."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _do(self, work: Work[T], patience: float | None, reads: bool) -> T:
        usual = OPENING if self._patience is None else self._patience
        end = time.monotonic() + (usual if patience is None else patience)
        for tried in count(1):
            committing = False
            try:
                engine = self._ready(end)
                connected = engine.connect().execution_options(mooring_read=reads)
                with connected as connection, connection.begin() as transaction:
                    _cross(connection)
                    done = work(connection)
                    committing = True
                    transaction.commit()
                    return done
            except Moved as moved:
                if tried == TRIES or time.monotonic() > end:
                    raise
                self._follow(moved)
            except (sa.exc.SQLAlchemyError, OSError) as error:
                if tried == TRIES or time.monotonic() > end or not again(error, committing and not reads):
                    raise Unavailable(*told(error)) from error
                time.sleep(random.uniform(0.5, 1.0) * PAUSE * tried)  # noqa: S311 - two that met shall not meet again
        raise AssertionError

    def _ready(self, end: float) -> sa.Engine:
        if self._engine is not None and which(self._path) == self._known:
            return self._engine
        if not self._opening.acquire(timeout=max(0.0, end - time.monotonic())):
            raise Unavailable("the database does not answer")
        try:
            if self._engine is None or which(self._path) != self._known:
                self._engine = self._opened()
            return self._engine
        finally:
            self._opening.release()

    def _opened(self) -> sa.Engine:
        if self._address is None:
            raise Unavailable("there is no database here")
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._path:
            private.file(self._path)
        for warning in warnings(self._address):
            _LOGGER.warning("%s", warning)
        made = engine(self._address, self._patience)
        try:
            check(made, self._address)
            patient = opening(made)
            if self._move:
                arrive(patient, self._move)
            migrate(patient)
            claim(patient, self._address.environment)
            if self._old:
                take_over(patient, self._old)
                files.take_over(patient, self._old)
        except BaseException:
            made.dispose()
            raise
        self._known = which(self._path)
        return made

    def _follow(self, moved: Moved) -> None:
        """Goes to where the state is now. Raises Unavailable when it cannot know."""
        with self._opening:
            if self._address is None or self._move == moved.token:
                return
            self._address = self._address.moved(moved.reference)
            self._path, self._move = self._address.file, moved.token
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None


def _cross(connection: sa.Connection) -> None:
    """Raises Moved or TooNew where this database is not, or no longer, for this code."""
    try:
        # Past SQLAlchemy, which would take several times as long for it.
        row = connection.connection.cursor().execute(fence.QUERY).fetchone()
    except Exception as error:
        # As it would have been told: a connection that broke is not used again.
        dialect = connection.dialect
        kind = dialect.loaded_dbapi.Error
        lost = isinstance(error, kind) and dialect.is_disconnect(error, connection.connection, None)
        if lost:
            # The others of the pool were lost with it, more of them than there are tries.
            connection.invalidate()
            connection.engine.dispose()
        raise sa.exc.DBAPIError.instance(
            fence.QUERY, None, error, kind, True, connection_invalidated=lost, dialect=dialect
        ) from error
    fence.cross(row)
