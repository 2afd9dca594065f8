"""A slot's process as a pod: no supervisor beside it, and a Service before it that decides who has the traffic."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.process import admin
from mooring.runtime.process.slot import Build, Options, Slot
from mooring.runtime.process.unix_http import Handler
from mooring.state.records.pods import Pod
from mooring.targets.kubernetes import accounts
from mooring.targets.kubernetes.accounts import Accounts

if TYPE_CHECKING:
    from mooring.runtime.door.acceptor import Acceptor
    from mooring.runtime.door.serving import Serving

BACKLOG = 2048

LOOK_SECONDS = 1.0

CLOSING = 5.0
"""Seconds for closing what a release had opened that cannot run here."""


class PodSlot(Slot):
    """Accepts from the moment that it is ready until its end.

    While another slot has the traffic, it answers whoever comes nevertheless, and says `Connection: close`: a Service
    moves new connections alone. Its socket is bound, and listens once it is ready, so that probes fail at once before.
    """

    def __init__(self, options: Options, build: Build, ledger: Ledger, row: Pod) -> None:
        super().__init__(options, build)
        self._ledger, self._row = ledger, row
        self._ending = False
        self._told: bool | None = None
        self.accounts: Accounts | None = None
        self.why: BaseException | None = None
        """Why it could not start."""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def accepting(self) -> bool:
        """Whether it has the traffic, by the ledger or as it was told since; true while nobody says otherwise."""
        if self.serving is None or not self.serving.acceptor.accepting or self._ending:
            return False
        live = self.accounts.live if self.accounts else None
        return (live in (None, self.options.slot)) if self._told is None else self._told

    def routes(self) -> dict[str, Handler]:
        """Those of every slot, but for what the Service decides."""
        return {
            **admin.routes(self),
            "GET /health": lambda body: self._health(admin.routes(self)["GET /health"](body)),
            "POST /accept": lambda body: self._accept(bool(body["on"])),
        }

    def _health(self, said: dict[str, Any]) -> dict[str, Any]:
        """With the id of its row, so that these counts can be taken for those of the row, being newer."""
        if self.accounts is None:
            return said | {"pod": self._row.uid, "row": None}
        row = self.accounts.row
        return said | {"pod": row.uid, "row": row.id, "counts": {**said["counts"], **row.counts}}

    def _accept(self, on: bool) -> dict[str, Any]:
        """Whether clients may keep their connections, until the ledger says the same or otherwise."""
        self._told = on
        self._turn()
        return {"accepting": self.accepting}

    def _turn(self) -> None:
        if self.serving:
            self.serving.leaving = not self.accepting

    # --- what is different from a slot under a supervisor ---

    def share(self, acceptor: "Acceptor") -> None:
        """Nothing: it is alone in its pod."""

    def started(self, serving: "Serving") -> None:
        """Accepts. Raises Failed when the release cannot run here, such as without a secret."""
        ready, reasons = self.runtime.ready()
        if not ready:
            raise Failed(Reason.NOT_READY, "; ".join(reasons))
        if self.release:
            self.drain = self.release.content.environment.rollout.drain_seconds
        health = getattr(self.runtime, "health", None)
        if health:
            health.apart = True
        self.runtime.accounting.keep(accounts.tally(self.options.state, self._row.id))
        self.accounts = Accounts(self._ledger, self._row, self.runtime.accounting.data, self.options.state)
        serving.acceptor.listen(BACKLOG)
        serving.acceptor.on()
        self._tasks = [asyncio.create_task(self.accounts.run()), asyncio.create_task(self._watch())]

    async def _watch(self) -> None:
        """Follows the ledger, and ends in order when its memory says that it should be replaced."""
        seen: str | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.accounts and self.accounts.live != seen:
                seen, self._told = self.accounts.live, None
            self._turn()
            if getattr(getattr(self.runtime, "memory", None), "replace", False):
                LOGGER.warning("memory is short: ending after the requests in flight, to be started again")
                self.stop()

    def peers(self) -> int:
        """By the database, as of a moment ago: limits that hold for all are shared out among so many."""
        return self.accounts.peers if self.accounts else 1

    def failed(self, error: BaseException) -> None:
        """The caller says it as the pod's last words."""
        self.why = error
        if not isinstance(error, Failed):
            super().failed(error)

    async def finish(self, serving: "Serving", cap: float, quiet: float | None) -> None:
        """Ends after the requests in flight, and answers what still comes: routes to it go only after it was told."""
        self._ending = True
        await serving.finish(cap, quiet, self.runtime.busy)

    async def settle(self) -> None:
        """Writes the last counts, and closes what was opened before it failed. To be called when it has ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.accounts:
            await self.accounts.end()
        if self.why and self.serving:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self.serving.stop(0, 0)
