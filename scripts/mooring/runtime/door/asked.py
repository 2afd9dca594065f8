"""A request to an agent on its way to an answer: the run that it begins, or the one that its key began before."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum
from typing import Any

from starlette.requests import Request

from mooring.runtime.agent.served import GRACE, Served
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.calling import outlive, record_of, runtime_of
from mooring.runtime.door.idempotency import REPLAYED, Once, once
from mooring.runtime.memory.run import FAILED, QUEUED, RUNNING, OnText, Run, text_of
from mooring.runtime.memory.store import StoredRun
from mooring.runtime.watch.accounting import EXCUSED


class Keep(Enum):
    """Whether a run is written down: only as its agent's profile says, if that is possible, or before it begins."""

    AS_EVER = "as-ever"
    IF_POSSIBLE = "if-possible"
    SURELY = "surely"


class Asked:
    """`prepare` makes the turn, which is not needed where the run has begun before. `origin` is kept with the run.

    `stays` says that the run goes on when its client leaves, as one with a key does: its client may ask for it again.
    `user` is whom the request says that it is for.
    """

    def __init__(
        self,
        request: Request,
        served: Served,
        prepare: "Callable[[Asked], Awaitable[Turn]]",
        user: str | None,
        keep: Keep = Keep.AS_EVER,
        origin: dict[str, Any] | None = None,
        stays: bool = False,
    ) -> None:
        self.runtime, self.served, self._prepare, self._keep = runtime_of(request), served, prepare, keep
        self._request = request
        self._once = once(request)
        self.record = record_of(request, served, user, self._once.run if self._once else None)
        self.origin = (origin or {}) | ({"request": self._once.digest} if self._once else {})
        self.stays = stays or self._once is not None or served.profile.on_disconnect != "cancel"
        self.run: Run | None = None
        self._known: StoredRun

    async def begin(self, tell: OnText | None = None) -> None:
        """Begins the run, unless its key did. Raises Problem."""
        if self._once is None:
            self.run = await self._begun(await self._prepare(self), tell)
            outlive(self._request, self.run.answer)
            return
        if await self._find(self._once):
            return
        turn = await self._prepare(self)
        self.run = await self.runtime.runs.first(self.served, turn, self.record, tell, self.origin)
        if self.run is not None:
            outlive(self._request, self.run.answer)
        elif not await self._find(self._once):
            raise Problem("idempotency_in_progress", "another request with this key is just beginning; ask again")

    async def ended(self, tell: OnText | None = None) -> StoredRun:
        """The run once it has ended or waits for a person. Raises Problem, which is how it failed."""
        await self.begin(tell)
        if self.run is None:
            return await self._again(tell)
        try:
            await self.runtime.runs.answered(self.run)
        except asyncio.CancelledError:
            if not self.stays:
                self.run.cancel()
            raise
        return self.standing()

    def standing(self) -> StoredRun:
        """The run as it stands."""
        if self.run is None:
            return self._known
        return self.run.ended or self.run.stored(RUNNING)

    def replayed(self) -> dict[str, str]:
        """Headers that say whether an earlier request began the run."""
        return REPLAYED if self.run is None else {}

    async def _begun(self, turn: Turn, tell: OnText | None) -> Run:
        runs, given = self.runtime.runs, (self.served, turn, self.record, tell)
        if self._keep is Keep.SURELY:
            return await runs.accept(*given, self.origin)
        if self._keep is Keep.IF_POSSIBLE:
            try:
                return await runs.accept(*given, self.origin)
            except Problem:
                LOGGER.exception("run not kept", extra={"run": self.record.run})
                self.origin |= {"kept": False}
        return await runs.begin(*given, self.origin)

    async def _find(self, once: Once) -> bool:
        """Finds what the key began, if it did. Raises Problem."""
        try:
            self._known = await self.runtime.runs.get(once.run, self.record.tenant)
        except Problem as problem:
            if problem.code != "run_not_found":
                raise
            return False
        once.check(self._known)
        self._request.scope[EXCUSED] = True
        return True

    async def _again(self, tell: OnText | None) -> StoredRun:
        """What an earlier request began, once that has ended; a stream gets all its text at once."""
        seconds = self.served.profile.deadline_seconds + GRACE
        run = await self.runtime.runs.ended(self.record.run, self.record.tenant, seconds)
        if run.status in (QUEUED, RUNNING):
            raise Problem("idempotency_in_progress", "the first request with this key is still being answered")
        self._known = run
        if run.status == FAILED:
            raise Problem.of(run.data.get("error") or {})
        if tell:
            self._known = replace(run, status=RUNNING)
            tell(text_of(run))
        return run
