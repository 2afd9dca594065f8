"""The runs of a slot: started, inspected, paused for a person's approval, and resumed."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_ai.messages import ModelMessagesTypeAdapter
from pydantic_ai.tools import DeferredToolResults, ToolDenied

from mooring.runtime.agent.runner import Runner
from mooring.runtime.agent.served import Served
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.others import Alone, Others
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import Budget, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory import tickets
from mooring.runtime.memory.durable.durable import Durable, Policy
from mooring.runtime.memory.journal import Journal, Lag
from mooring.runtime.memory.plain_journal import Plain
from mooring.runtime.memory.run import QUEUED, RUNNING, WAITING, Decision, OnText, Request, Run
from mooring.runtime.memory.shared_clock import SharedClock
from mooring.runtime.memory.storage import secret_of
from mooring.runtime.memory.store import RunStore, StoredRun
from mooring.runtime.memory.stored_releases import StoredReleases
from mooring.state.database import Database

OnBegin = Callable[[asyncio.Future[Answer]], None]

_DAY = 86400.0
_UNSERVED_SECONDS = 1.0

_CANCEL_SECONDS = 5.0
"""Seconds that a cancelled run has to end: a tool may be in the middle of something."""

_LOOK_SECONDS = 0.1
"""Between two looks for the end of a run that another process is at."""

Origin = Mapping[str, Any]
NO_ORIGIN: Origin = {}
"""How a run was asked for, when nobody will want to know."""


class Runs:
    """Whether a run is durable is said by its agent's profile. Their rows are written only if any profile says so."""

    def __init__(self, runner: Runner, database: Database, releases: StoredReleases, clock: SharedClock) -> None:
        self._runner, self._agents, self._database = runner, runner.agents, database
        self._releases = releases
        self.plain: Journal = Plain(RunStore(database, clock), self._agents.settings.slot, self._perform)
        self.durable: Journal | None = None
        self.others: Others = Alone()

    async def open(self) -> list[str]:
        """Takes up work; what keeps it from being whole."""
        reasons = []
        try:
            await self.plain.open()
        except Problem as error:
            # A server may come back; a slot whose own folder takes nothing is not worth switching to.
            if self._agents.release.content.environment.database is None:
                reasons.append(str(error))
        if any(profile.checkpoint.mode == "durable" for profile in self._agents.release.content.resilience.values()):
            try:
                self.durable = await self._opened()
            except Exception as error:  # noqa: BLE001 - whatever it is, /readyz says it
                LOGGER.exception("runs cannot be made durable")
                reasons.append(
                    f"runs cannot be made durable: {error if isinstance(error, LookupError) else 'see the log'}"
                )
        return reasons

    async def close(self) -> None:
        """Stops what is under way: durable runs go on in another process."""
        if self.durable:
            await self.durable.close()
        await self.plain.close()

    def under_way(self) -> int:
        """Runs being worked on now."""
        return self.plain.under_way() + (self.durable.under_way() if self.durable else 0)

    async def queued(self) -> int:
        """Questions that wait under tickets, of all slots. Raises Problem."""
        return await self._kept.queued()

    async def ping(self) -> float:
        """Seconds that the database of runs takes to answer. Raises Problem."""
        return await self._kept.ping()

    @property
    def _kept(self) -> Journal:
        return self.durable or self.plain

    def lag(self) -> Lag:
        """How far what is on disk is behind."""
        return self.durable.lag() if self.durable else Lag()

    async def begin(
        self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None, origin: Origin = NO_ORIGIN
    ) -> Run:
        """Begins a run whose client waits for the answer."""
        run = self._new(served, turn, record, on_text, origin)
        await self._journal(served).start(run)
        return run

    async def first(
        self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None, origin: Origin = NO_ORIGIN
    ) -> Run | None:
        """Begins a run and keeps it; None when there is one of its name. Raises Problem when that is unsure."""
        if await self._found(record.run) is not None:
            return None
        run = self._new(served, turn, record, on_text, origin)
        return run if await self._journal(served).first(run) else None

    async def answered(self, run: Run) -> Answer:
        """The answer of a run that was begun; one that waits for a person is kept by then. Raises Problem."""
        answer = await run.answered()
        if answer.approvals and self.durable:
            await self.durable.settled(run)
        return answer

    async def accept(
        self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None, origin: Origin = NO_ORIGIN
    ) -> Run:
        """Begins a run whose client may ask for it later. Raises Problem when it cannot be written down."""
        run = self._new(served, turn, record, on_text, origin)
        await self._journal(served).accept(run)
        return run

    async def cancel(self, run_id: str, tenant: str) -> StoredRun:
        """Ends a run that is under way, and returns it as it stands. Raises Problem when it cannot be ended."""
        run = await self.get(run_id, tenant)
        if run.status == WAITING:
            raise Problem("run_waiting", f"run {run_id} waits for an approval: deny that instead")
        if run.status not in (QUEUED, RUNNING):
            return run
        if self.cancel_here(run_id):
            return await self.wait(run_id, tenant, _CANCEL_SECONDS)
        if self.durable and await self.durable.cancel(run_id):
            return await self.get(run_id, tenant)
        if await self.others.cancel(run_id):
            return await self.ended(run_id, tenant, _CANCEL_SECONDS)
        words = f"run {run_id} is under way in another process, which cannot be told: its agent has no checkpoints"
        raise Problem("run_under_way", words)

    def cancel_here(self, run_id: str) -> bool:
        """Cancels a run that is under way in this process; False when none of that name is."""
        for journal in filter(None, (self.durable, self.plain)):
            if live := journal.live(run_id):
                live.cancel()
                return True
        return False

    async def forget(self, run_id: str, tenant: str) -> None:
        """Removes a run that has ended. Raises Problem."""
        run = await self.get(run_id, tenant)
        if run.status in (QUEUED, RUNNING):
            raise Problem("run_under_way", f"run {run_id} is still under way: cancel it first")
        for journal in filter(None, (self.durable, self.plain)):
            await journal.forget(run_id)

    async def decide(
        self, run_id: str, tenant: str, approved: bool, message: str, on_begin: OnBegin, by: str = ""
    ) -> StoredRun:
        """Approves or denies all calls that a run waits for, and goes on with it in its own release.

        `by` says who decided. `on_begin` gets a future that is done when the run ends or waits again. Raises Problem.
        """
        waiting = await self.get(run_id, tenant)
        await self._bring(waiting.release)
        served = self._agents.get(waiting.agent, waiting.release)
        if waiting.status != WAITING or waiting.messages is None:
            raise Problem("run_not_waiting", f"run {run_id} is {waiting.status}; it waits for no approval")
        decided = [*waiting.data.get("decided", ()), {"by": by, "approved": approved, "at": round(time.time(), 3)}]
        verdict = Decision(approved, message, {**waiting.data, "decided": decided}, waiting.messages.decode())
        part = waiting.data.get("part", 0) + 1
        request = Request(
            run_id,
            waiting.agent,
            waiting.release,
            Turn(**waiting.data.get("asked", {"message": ""})),
            tenant=tenant,
            key=waiting.data.get("key", ""),
            user=waiting.data.get("user", ""),
            created=waiting.created,
            part=part,
            decision=verdict,
            origin=waiting.data.get("origin", NO_ORIGIN),
        )
        run = self._revived(request)
        await self._journal(served).claim(run)
        on_begin(run.answer)
        return run.stored("running")

    async def get(self, run_id: str, tenant: str) -> StoredRun:
        """A run of a tenant, of any slot. Raises Problem when the tenant has none of this name."""
        run = await self._found(run_id)
        if run is None or run.data.get("tenant", "") != tenant:
            raise Problem("run_not_found", f"there is no run {run_id[:80]!r}")
        return run

    async def _found(self, run_id: str) -> StoredRun | None:
        for journal in filter(None, (self.durable, self.plain)):
            if run := await journal.find(run_id):
                return run
        return None

    async def wait(self, run_id: str, tenant: str, seconds: float) -> StoredRun:
        """A run once it has ended or paused, or as it stands after `seconds`."""
        for journal in filter(None, (self.durable, self.plain)):
            if run := journal.live(run_id):
                await run.wait(seconds)
                await journal.settled(run)
        return await self.get(run_id, tenant)

    async def ended(self, run_id: str, tenant: str, seconds: float) -> StoredRun:
        """The same, also when another process is at it."""
        end = time.monotonic() + seconds
        while True:
            run = await self.wait(run_id, tenant, max(0.0, end - time.monotonic()))
            if run.status not in (QUEUED, RUNNING) or time.monotonic() > end:
                return run
            await asyncio.sleep(_LOOK_SECONDS)

    async def ticket(self, ticket: str, tenant: str) -> dict[str, Any]:
        """The state of a question of a tenant that was kept. Raises Problem."""
        tries = await self.durable.attempts(ticket) if self.durable else []
        tries = [each for each in tries if each.data.get("tenant", "") == tenant]
        if not tries or not ticket.startswith("ticket_"):
            raise Problem("ticket_not_found", f"there is no ticket {ticket[:80]!r}")
        return tickets.shown(ticket, tries)

    async def _opened(self) -> Journal:
        content, settings = self._agents.release.content, self._agents.settings
        secret_of(content.environment, settings.environ)
        keep = max(profile.memory.archive_days for profile in content.resilience.values()) * _DAY
        policy = Policy(self._perform, self._revived, self._serves, keep)
        shared = content.environment.database is not None
        journal: Journal = Durable(self._database, settings.state, settings.slot, shared, policy)
        await journal.open()
        return journal

    def _journal(self, served: Served) -> Journal:
        durable = self.durable if served.profile.checkpoint.mode == "durable" else None
        return durable or self.plain

    def _new(self, served: Served, turn: Turn, record: Record, on_text: OnText | None, origin: Origin) -> Run:
        request = Request(
            record.run,
            served.document.name,
            served.release,
            turn,
            record.languages,
            time.time(),
            tenant=record.tenant,
            key=record.key,
            user=record.user,
            origin=origin,
        )
        return Run(request, record, self._agents.settings.slot, on_text)

    async def _serves(self, release: str) -> bool:
        await self._bring(release)
        return self._agents.serves(release)

    async def _bring(self, release: str) -> None:
        """Brings a release here that another machine has."""
        if not self._agents.serves(release):
            await self._releases.fetch(release)

    def _revived(self, request: Request) -> Run:
        """A run of a request from elsewhere. One whose release is gone says so when it is carried out."""
        try:
            served = self._agents.get(request.agent, request.release)
            record = self._agents.record(
                served, request.languages, request.run, request.tenant, request.key, request.user
            )
        except Problem:
            budget = Budget(_UNSERVED_SECONDS)
            record = Record(request.run, request.agent, budget, request.languages, request.tenant, request.key)
        if request.decision:
            record.restore(request.decision.data)
        return Run(request, record, self._agents.settings.slot)

    async def _perform(self, run: Run) -> Answer:
        """Carries a run out. Raises Problem."""
        request, record = run.request, run.record
        await self._bring(request.release)
        served = self._agents.get(request.agent, request.release)
        journal, policy = self._journal(served), served.profile.ladder.queue
        if policy.enabled and journal is self.durable and not tickets.is_try(request):
            record.on_apology = lambda: tickets.ticket_of(request)
        answered = False
        try:
            answer = await self._runner.observed(record, lambda: self._answer(served, run))
            answered = record.rung in tickets.GOOD
            return answer
        finally:
            if not answered and not run.cancelled and (again := tickets.next_try(request, record, policy)):
                record.ticket = again[0].run
                await journal.ticket(*again)

    async def _answer(self, served: Served, run: Run) -> Answer:
        request, record = run.request, run.record
        if request.decision is None:
            return await self._runner.turn(served, request.turn, record, run.on_text)
        history = ModelMessagesTypeAdapter.validate_json(request.decision.messages)
        denied = ToolDenied(request.decision.message or "A person denied this call.")
        decisions = DeferredToolResults()
        for call in request.decision.data["approvals"]:
            decisions.approvals[call["id"]] = True if request.decision.approved else denied
        answer = await served.go_on(request.turn, history, decisions)
        if not answer.approvals and record.rung != "L4":
            try:
                await self._runner.conversations.add(served.profile, record, answer.messages)
            except Problem:
                LOGGER.exception("turn not kept", extra={"conversation": record.conversation})
        return answer
