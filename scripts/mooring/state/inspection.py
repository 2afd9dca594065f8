"""What can be said of a database without changing it."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from mooring.state.engine.engine import engine
from mooring.state.engine.fitness import check
from mooring.state.engine.told import told
from mooring.state.migrations import table
from mooring.state.migrations.migrate import applied, doors
from mooring.state.place.address import Address
from mooring.state.place.mounts import warnings
from mooring.state.unavailable import Unavailable

_SIZE = "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c"
_SIZE += " join pg_namespace n on n.oid = c.relnamespace where n.nspname = :schema and c.relkind = 'r'"


@dataclass(frozen=True, slots=True)
class Inspection:
    """`applied` of the `known` migrations were carried out; `bytes` is None where there is nothing yet."""

    engine: str
    where: str
    applied: int
    known: int
    bytes: int | None
    warnings: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {**asdict(self), "warnings": list(self.warnings)}


def inspect(address: Address) -> Inspection:
    """What there is. Raises Unavailable."""
    known = len(table.MIGRATIONS)
    if address.file and not address.file.exists():
        return Inspection("SQLite", str(address), 0, known, None, warnings(address))
    made = engine(address)
    try:
        check(made, address)
        waiting = tuple(f"the migration {door.name!r} waits: a one-way door" for door in doors(made))
        with made.connect().execution_options(mooring_read=True) as connection:
            name, size = _sized(connection, address)
        return Inspection(name, str(address), len(applied(made)), known, size, (*waiting, *warnings(address)))
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise Unavailable(*told(error)) from error
    finally:
        made.dispose()


def _sized(connection: sa.Connection, address: Address) -> tuple[str, int]:
    if address.file:
        return "SQLite", sum(path.stat().st_size for path in address.file.parent.glob(f"{address.file.name}*"))
    version = str(connection.exec_driver_sql("show server_version").scalar()).split()[0]
    return f"PostgreSQL {version}", int(connection.execute(sa.text(_SIZE), {"schema": address.schema}).scalar_one())
