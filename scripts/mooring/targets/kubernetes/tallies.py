"""Requests over all pods that a slot ever had: what they wrote into the database, and what those that run say now."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mooring.errors import Stopped
from mooring.rollout.target import COUNTS, LOST
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.state.link import Link
    from mooring.state.records.pods import Pod
    from mooring.state.records.statements import Statements


class Tallies:
    """The counts of an environment's pods. `link` leads to its database."""

    def __init__(self, environment: str, link: "Callable[[], Link]") -> None:
        self._environment, self._link = environment, link

    def sums(self, said: Iterable[Mapping[str, Any]], there: Iterable[str]) -> dict[str, dict[str, int]]:
        """COUNTS and LOST by slot. `said` is what pods answer to `GET /health`; `there` are the uids of all pods.

        Where the database does not answer, of the pods that do.
        """
        from mooring.state.records import pods

        rows, now = self._rows()
        found = pods.totals(rows, now, said, there)
        return {slot: {name: each.counts.get(name, 0) for name in (*COUNTS, LOST)} for slot, each in found.items()}

    def _rows(self) -> "tuple[list[Pod], float]":
        from mooring.state.records import pods

        def work(statements: "Statements") -> "tuple[list[Pod], float]":
            return pods.of(statements, self._environment), statements.now()

        try:
            return self._link().read(work)
        except (Unavailable, Stopped):
            return [], time.time()
