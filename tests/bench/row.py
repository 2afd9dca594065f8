"""What a benchmark says: rows of one table.

A benchmark is a module `tests/bench/bench_<name>.py` whose docstring's first line says what it measures, with
`def run() -> list[Row]`. It measures both sides in the same run, so that a ratio means the same on every machine.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Figures carry their unit; `ratio` is ours / rival; `ok` is None where there is no limit."""

    what: str
    ours: str
    rival: str = ""
    ratio: float | None = None
    limit: str = ""
    ok: bool | None = None


class MissingError(Exception):
    """A rival is not there and cannot be set up; the text says why, or with what command it can."""
