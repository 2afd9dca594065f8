"""What the workers of a slot have counted, from the door of each."""

from collections.abc import Iterable
from pathlib import Path

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.objectives.window import Totals, of_processes
from mooring.runtime.process import unix_http
from mooring.targets.host import folders

ANSWER = 2.0
"""Seconds that a worker has to say what it counted."""


def counted(state: Path, slot: str, workers: Iterable[int]) -> Totals:
    """The totals of a slot by series. Failed(NOT_RUNNING) unless all of its workers say theirs."""
    each = []
    for worker in workers:
        try:
            said = unix_http.call(folders.admin(state, slot, worker), "GET /samples", timeout=ANSWER)
        except OSError as error:
            raise Failed(Reason.NOT_RUNNING, f"worker {worker} of {slot} does not answer: {error}") from None
        each.append((str(worker), said))
    return of_processes(each)
