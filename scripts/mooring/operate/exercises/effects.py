"""What a run has done to the simulated services of a copy, by the simulator's own database."""

import sqlite3
from contextlib import closing
from pathlib import Path


def effects(state: Path, run: str) -> int:
    """How many records the calls of a run have inserted, in services that are its own."""
    file = state / "simulator" / f"world-{run}.db"
    if not file.exists():  # it called nothing
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return int(connection.execute("select count(*) from records").fetchone()[0])
