"""What a run has done to the simulated services of a copy, by the simulator's own database."""

from pathlib import Path

from mooring.simulator.services.database import Database


def effects(state: Path, run: str) -> int:
    """How many records the calls of a run have inserted, in services that are its own."""
    file = state / "simulator" / f"world-{run}.db"
    if not file.exists():  # it called nothing
        return 0
    with Database(file).transaction() as connection:
        return int(connection.execute("select count(*) from records").fetchone()[0])
