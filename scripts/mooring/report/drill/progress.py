"""The progress of drills: a bar on a terminal, lines when piped."""

from collections.abc import Iterator
from contextlib import contextmanager

from mooring.drill.run import OnDone
from mooring.report.console import Console


@contextmanager
def drilling(console: Console, total: int) -> Iterator[OnDone]:
    """Yields the callback for each of `total` arms that has lived through a drill, with one seed."""
    with console.bar("drilling", total) as advance:
        yield lambda drill, arm: advance("", "")
