"""What a keeper does by the database: rollouts that were left half-done, hotfixes and standbys whose time is over,
and runs of pods that are gone."""

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mooring import private
from mooring.errors import MooringError
from mooring.rollout.ledger import Ledger
from mooring.rollout.unfinished import AGAIN, Seen, Unfinished
from mooring.state.records import ledger as entries
from mooring.state.records import pods
from mooring.state.records.pods import Pod
from mooring.state.records.statements import Statements
from mooring.state.runs import executors
from mooring.state.transactions import Transactions
from mooring.targets.kubernetes import look

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.targets.kubernetes.target import Kubernetes

STANDBY = 30.0
"""Seconds between two looks whether a standby was warm for long enough."""

FOLD = 60.0
"""Seconds between two times that rows of pods which are gone are folded."""

log = logging.getLogger("mooring.keeper")


@dataclass(frozen=True, slots=True)
class InCluster(Seen):
    """What there is of pods besides. `now` is by the database's clock."""

    rows: tuple[Pod, ...] = ()
    now: float = 0.0
    switches: int = 0

    @property
    def live(self) -> str | None:
        """The release that has the traffic, or had it before the rollout under way."""
        return self.state.live.digest if self.state.live else None


class Keeping:
    """Of one environment. `target` makes what changes the cluster; it is asked for when something is to be done.

    `look`, `fold` and `bury` wait for the database. What `act` begins goes on in a thread of its own.
    """

    def __init__(
        self, ledger: Ledger, database: Transactions, environment: str, target: "Callable[[], Kubernetes]"
    ) -> None:
        self._ledger, self._database, self._environment, self._target = ledger, database, environment, target
        self._unfinished = Unfinished()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keeping")
        self._doing: Future[None] | None = None
        self._next = self._standby = self._fold = float("-inf")
        self.seen = InCluster()

    def look(self) -> InCluster:
        """Reads the ledger and the rows of pods. Raises MooringError."""
        seen = InCluster.read(self._ledger, self._environment)

        def work(statements: Statements) -> tuple[tuple[Pod, ...], float, int]:
            rows = tuple(pods.of(statements, self._environment))
            return rows, statements.now(), entries.count(statements, self._environment, "switched")

        rows, now, switches = self._ledger.read(work)
        self.seen = replace(seen, rows=rows, now=now, switches=switches)
        self._unfinished.look(seen)
        return self.seen

    def fold(self) -> None:
        """Keeps the table of pods small. Raises MooringError."""
        if time.monotonic() - self._fold > FOLD:
            self._fold = time.monotonic()
            if folded := self._ledger.write(lambda statements: pods.fold(statements, self._environment)):
                log.info("%d pods are gone for long; their counts are in the sums of their slots", folded)

    def bury(self) -> None:
        """Says of pods that are gone that they are dead, so that their runs go on before their leases run out.

        Raises MooringError.
        """
        uids = {row.uid.replace("-", "") for row in self.seen.rows if row.ended is None}
        busy = self._database.read(executors.busy)
        if not uids.intersection(busy.values()):
            return
        there = {pod.uid.replace("-", "") for pod in look.listed(self._target().api, self._environment) if not pod.over}
        for name, uid in busy.items():
            if uid in uids - there:
                log.info("the pod of %s is gone; its runs go on elsewhere", name)
                self._database.write(lambda connection, name=name: executors.bury(connection, name))  # type: ignore[misc]

    def act(self) -> None:
        """Begins what is due, unless something is under way."""
        if self._doing and not self._doing.done():
            return
        if self._doing and (error := self._doing.exception()):
            log.error("%s", error, exc_info=None if isinstance(error, MooringError) else error)
            self._next = time.monotonic() + AGAIN
        self._doing = None
        if time.monotonic() >= self._next and (due := self._due()):
            self._doing = self._thread.submit(due)

    def close(self) -> None:
        """Begins nothing more. What is under way is the next keeper's to finish, as if this one were killed."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _due(self) -> Callable[[], None] | None:
        seen, now = self.seen, time.monotonic()
        if seen.held:
            return None
        if not seen.idle:
            return self._recover if self._unfinished.due(seen, self._target().machine) else None
        if seen.expired:
            return self._expire
        if seen.live and now - self._standby > STANDBY:
            self._standby = now
            return self._rest
        return None

    def _recover(self) -> None:
        from mooring.rollout.driver import recover

        log.info("a rollout was left half-done; recovering")
        state = recover(self._target(), self._ledger, "keeper", log.info)
        log.info("recovered: %s is live", state.live)

    def _expire(self) -> None:
        from mooring.rollout.hotfix import expire

        log.info("the time of a hotfix is over; going back")
        expire(self._target(), self._ledger, "keeper", log.info)

    def _rest(self) -> None:
        from mooring.targets.kubernetes.standby import release_minimum, tend

        if slot := release_minimum(self._target()):
            log.info("the pods that a switch gave to %s may go as load goes", slot)
        if slot := tend(self._target()):
            log.info("the standby in %s was warm long enough and has no pods any more", slot)


def write_document(root: Path, release: "Release") -> str:
    """Writes the environment's document as the live release has it, for processes that look it up; its digest.

    The image has none, or one of another time. Raises OSError.
    """
    from mooring.release.canonical import digest

    environment = release.content.environment
    text = json.dumps(environment.model_dump(mode="json", by_alias=True), indent=1)  # which is YAML too
    private.write(root / "configs" / "environments" / f"{environment.name}.yaml", text)
    return digest(text.encode())
