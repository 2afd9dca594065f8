"""How a deployment that may opens the one-way doors of a database."""

from collections.abc import Callable, Collection
from typing import TypeVar

import sqlalchemy as sa

from mooring.state.engine.engine import engine, opening
from mooring.state.engine.told import told
from mooring.state.migrations.migrate import doors, migrate
from mooring.state.migrations.migration import Migration
from mooring.state.place.address import Address
from mooring.state.unavailable import Unavailable

T = TypeVar("T")


class Opening:
    """Opens the one-way doors of a database, for a deployment that may. Every method raises Unavailable."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def doors(self) -> list[Migration]:
        """Those that wait. Changes nothing."""
        return self._with(doors)

    def open(self, names: Collection[str]) -> int:
        """Carries out all migrations that are missing, these doors among them; how many that were."""
        return self._with(lambda made: migrate(made, allowed=names))

    def _with(self, work: Callable[[sa.Engine], T]) -> T:
        made = engine(self._address)
        try:
            return work(opening(made))
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise Unavailable(*told(error)) from error
        finally:
            made.dispose()
