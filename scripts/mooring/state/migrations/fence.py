"""What every transaction asks first: is this database still the one in force, and does this code know enough for it?

On PostgreSQL the question also holds a lock until the transaction ends, so that whoever takes the table `identity` for
itself has waited for all that began before, and all that begins later sees what it did.
"""

from typing import TYPE_CHECKING, Any

from mooring.state.migrations.table import MIGRATIONS
from mooring.state.unavailable import Moved, TooNew

if TYPE_CHECKING:
    import sqlalchemy as sa

QUERY = "select moving, moved_to, needs from identity"


def ask(connection: "sa.Connection") -> None:
    """Asks within a transaction. Raises Moved, TooNew, SQLAlchemyError."""
    cross(connection.exec_driver_sql(QUERY).first())


def cross(row: Any) -> None:
    """Given the row of `identity`, or None. Raises Moved, TooNew."""
    if row is None:
        return
    moving, moved_to, needs = row
    if moved_to is not None:
        raise Moved(moved_to, moving)
    if needs > len(MIGRATIONS):
        words = f"the database needs code that knows {needs} migrations; this one knows {len(MIGRATIONS)}"
        raise TooNew(words, "deploy the newer version again, or restore a copy from before it")
