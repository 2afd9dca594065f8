"""What an environment keeps, opened for whoever looks at it again and again."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location, kept, locate

if TYPE_CHECKING:
    from mooring.state.transactions import Transactions


PATIENCE_SECONDS = 2.0
"""For which whoever looks waits for a database: the next look comes soon, and somebody waits for this one."""


class Records:
    """The ledger and the database of one environment, opened at the first use and again where they were moved to.

    `state` is the environment's folder. Nothing is made where nothing is kept yet. Any thread may use it.
    """

    def __init__(self, root: Path, state: Path, environment: str, environ: Mapping[str, str] = os.environ) -> None:
        self.root, self.state, self.environment = root, state, environment
        self._environ = environ
        self._opening = threading.Lock()
        self._ledger: Ledger | None = None
        self._database: tuple[Location, Transactions] | None = None

    def ledger(self) -> Ledger | None:
        """None where there is none yet. Raises MooringError when it cannot be opened."""
        if not kept(self.state):
            return None
        where = self._where()
        with self._opening:
            if self._ledger is None or self._ledger.location != where:
                self._close_ledger()
                self._ledger = Ledger.of(self.root, self.environment, self.state, self._environ, PATIENCE_SECONDS)
            return self._ledger

    def database(self) -> "Transactions | None":
        """None where there is none yet. Raises MooringError when it cannot be found; using it raises Unavailable."""
        from mooring.state.transactions import Transactions

        where = self._where()
        with self._opening:
            if self._database is None or self._database[0] != where:
                self._close_database()
                address = where.found(self._environ)
                if address.file is not None and not address.file.exists():
                    return None
                self._database = where, Transactions(address, self.state, PATIENCE_SECONDS)
            return self._database[1]

    def close(self) -> None:
        """The next use opens them again."""
        self._close_ledger()
        self._close_database()

    def _where(self) -> Location:
        return locate(self.root, self.environment, self.state)

    def _close_ledger(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = None

    def _close_database(self) -> None:
        if self._database is not None:
            self._database[1].close()
        self._database = None
