"""One run of an environment by the beginning of its id."""

from typing import TYPE_CHECKING

from mooring.errors import Failed, UsageError
from mooring.operate.records import Records
from mooring.outcome import Reason
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.state.runs.lookup import RunSeen
    from mooring.state.transactions import Transactions

KEPT = "runs are kept for some days, and those of probes and canaries not at all"


def database_of(records: Records) -> "Transactions":
    """The environment's database. Failed(NOT_RUNNING) where none was made yet."""
    database = records.database()
    if database is None:
        raise Failed(Reason.NOT_RUNNING, f"{records.environment} has no database yet, so there are no runs", "moor up")
    return database


def the_run(database: "Transactions", beginning: str, environment: str) -> "RunSeen":
    """The one run whose id begins so. Raises UsageError unless there is exactly one, Failed(STORAGE)."""
    from mooring.state.runs.lookup import named, seen

    try:
        runs = database.read(lambda connection: named(connection, beginning))
        if not runs:
            raise UsageError(f"no run {beginning!r} in {environment}", KEPT)
        if len(runs) > 1:
            raise several(beginning, runs)
        found = database.read(lambda connection: seen(connection, runs[0]))
    except Unavailable as error:
        raise Failed(Reason.STORAGE, f"cannot read the runs of {environment}: {error}", error.fix) from None
    if found is None:
        raise UsageError(f"run {runs[0]} was deleted just now")
    return found


def several(beginning: str, runs: list[str]) -> UsageError:
    """What is said of a beginning that is no one run's."""
    from mooring.state.runs.lookup import MOST

    more = f" and more than {MOST - 1} others" if len(runs) > MOST else ""
    return UsageError(f"{beginning!r} is the beginning of {', '.join(runs[:MOST])}{more}", "write more of the id")
