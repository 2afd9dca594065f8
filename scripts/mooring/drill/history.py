"""A team's own incidents, from a CSV file."""

from collections.abc import Sequence
from pathlib import Path

from mooring.drill.trace import Outage


def read_history(path: Path) -> Sequence[Outage]:
    raise NotImplementedError(path)
