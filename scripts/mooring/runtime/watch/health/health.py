"""Everything that can be looked at in a slot, put together from what it runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import httpx2
from prometheus_client import Histogram

from mooring import spec
from mooring.release.content import ReleaseContent
from mooring.runtime.core.circuit import Circuit
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.settings import Settings
from mooring.runtime.memory.journal import Lag
from mooring.runtime.watch.health.canary import Canary
from mooring.runtime.watch.health.check import Check, Clock, Seen, look_at
from mooring.runtime.watch.health.dependencies import Dependency, api
from mooring.runtime.watch.health.lag import LoopLag
from mooring.runtime.watch.health.process import process_checks
from mooring.runtime.watch.memory_watch import MemoryWatch
from mooring.spec.resilience import Health as Policy

Ready = Callable[[], tuple[bool, list[str]]]
Ask = Callable[[str, str], Awaitable[str]]

EVERY = 5.0
"""Seconds between two looks that nobody asked for."""

FRESH = 1.0
"""Seconds an answer of the database is kept."""

COUNTING = 0.5
"""The most seconds that whoever asks for figures waits for the database."""


class Runs(Protocol):
    """What health asks of the runs of a slot."""

    def lag(self) -> Lag: ...
    async def queued(self) -> int: ...
    async def ping(self) -> float: ...


class Agents(Protocol):
    """What health asks of the agents of a slot: circuits by model or tool and profile, services by name and URL."""

    def circuits(self) -> dict[tuple[str, str], Circuit]: ...
    def tool_circuits(self) -> dict[tuple[str, str], Circuit]: ...
    def services(self) -> Iterable[tuple[str, str]]: ...


class Health:
    """Of one slot that serves `content`. Limits are the strictest of the profiles in use.

    `live` says whether the slot has the traffic; whoever hosts the slot sets it. `ready` gives reasons why requests
    cannot be answered, `ask` puts a canary's question to an agent.
    """

    def __init__(
        self,
        content: ReleaseContent,
        settings: Settings,
        agents: Agents,
        runs: Runs,
        memory: MemoryWatch,
        ready: Ready,
        ask: Ask,
        lag: Histogram,
        clock: Clock = time.monotonic,
    ) -> None:
        self._content, self._settings, self._clock = content, settings, clock
        self._agents, self._runs, self._ready, self._ask = agents, runs, ready, ask
        self._memory = memory
        policies = [profile.health for profile in self._content.resilience.values()] or [Policy()]
        self._database_seconds = min(policy.database_seconds for policy in policies)
        self._dependency_seconds = min(policy.dependency_seconds for policy in policies)
        self.lag = LoopLag(min(policy.loop_lag_seconds for policy in policies), lag)
        self.live: Callable[[], bool] = lambda: True
        # What they ask costs as much as a request, and one worker is like the other.
        self._canaries = list(self._made()) if settings.worker == 1 else []
        self.loop, *self.process = process_checks(self.lag, memory)
        self.release = self._release()
        self.rungs = [self._rungs(agent) for agent in self._content.agents.values()]
        self.queue = self._queue()
        self.database = self._database()
        self._others: list[Check] = []
        self.more: list[Check] = []
        """Further checks of what it depends on; whoever hosts the slot sets them."""
        self.siblings: list[Check] = []
        """One check for each of the other workers of the slot; whoever hosts the slot sets them."""
        self.apart = False
        """Whether readiness and life are of this process alone, and not of what all of the slot have in common.

        Whoever hosts the slot sets it where each of its processes is left out, or killed, for what it says of itself: a
        model or a database that is down, or a crowd, would take out all of them at once, and nobody would answer from a
        lower rung.
        """
        self._looking: asyncio.Task[None] | None = None

    @property
    def queue_depth(self) -> int | None:
        """Questions that wait under tickets, of all slots, when they were last counted; None when nobody can tell."""
        return int(self.queue.last.value) if self.queue.last and self.queue.last.ok else None

    async def count(self) -> None:
        """Brings up to date what is otherwise looked at now and then: open tickets, and memory."""
        self._memory.look()
        await asyncio.wait({asyncio.create_task(self.queue.refresh())}, timeout=COUNTING)

    @property
    def all(self) -> list[Check]:
        """Every check, the ground first."""
        return [self.loop, *self.process, *self.siblings, *self.own[3:]]

    @property
    def own(self) -> list[Check]:
        """Every check of this worker."""
        return [
            self.loop,
            *self.process,
            self.release,
            *self.rungs,
            self.queue,
            self.database,
            *self.more,
            *self._others,
        ]

    @property
    def readiness(self) -> list[Check]:
        """What must hold for the slot to be worth sending requests to."""
        return [self.release] if self.apart else self._depending

    @property
    def _depending(self) -> list[Check]:
        return [self.release, *self.rungs, self.database]

    async def _look_around(self) -> None:
        """Now and then, so that metrics and status need not wait for anybody."""
        while True:
            await look_at([*self._depending, self.queue])
            await asyncio.sleep(EVERY)

    def start(self, client: httpx2.AsyncClient) -> None:
        """Begins to measure the loop and to ask canaries, in the running loop, once the agents are loaded."""
        self._others = [*self._models(client), *self._services(client)]
        self._others += [self._behaves(canary) for canary in self._canaries]
        self.lag.start()
        self._looking = asyncio.create_task(self._look_around(), name="health")
        for canary in self._canaries:
            canary.start()

    def stop(self) -> None:
        """Measures and asks no more."""
        self.lag.stop()
        if self._looking:
            self._looking.cancel()
        for canary in self._canaries:
            canary.stop()

    async def ready(self) -> tuple[bool, list[str]]:
        """Whether the slot is ready, and if not, every reason."""
        _, reasons = self._ready()
        if self.apart:
            return not reasons, reasons
        lag = self._runs.lag()
        if lag.stalled:
            reasons.append(f"runs are answered and not written down: {lag.reason}")
        results = await look_at([*self.rungs, self.database])
        reasons += [f"{result.name}: {result.detail}" for result in results if not result.ok]
        return not reasons, reasons

    def behaviour(self) -> dict[str, dict[str, Any]]:
        """How the canaries went last, by agent, JSON-able."""
        seen = {canary.agent: canary.seen() for canary in self._canaries}
        return {agent: {"ok": each.ok, "detail": each.detail, "age": round(each.age)} for agent, each in seen.items()}

    # --- the runtime ---

    def _release(self) -> Check:
        async def look() -> Seen:
            ready, reasons = self._ready()
            return Seen(ready, "; ".join(reasons))

        return Check("runtime", "release", look)

    def _rungs(self, agent: spec.Agent) -> Check:
        """At least one model of an agent may be called; which may not is named in any case."""

        async def look() -> Seen:
            names = agent.models.names()
            stopped = [f"{rung} {model}" for rung, model in names if self._state(model, agent.resilience) == "open"]
            detail = f"breakers are open: {', '.join(stopped)}" if stopped else ""
            return Seen(len(stopped) < len(names), detail, len(names) - len(stopped))

        return Check("runtime", f"rungs:{agent.name}", look, unit="closed")

    def _queue(self) -> Check:
        async def look() -> Seen:
            try:
                return Seen(True, "", await self._runs.queued())
            except Problem as problem:
                return Seen(False, str(problem), 0.0)

        return Check("runtime", "queue", look, unit="questions", fresh=FRESH)

    def _state(self, model: str, profile: str) -> str:
        circuit = self._agents.circuits().get((model, profile))
        return circuit.state if circuit else "closed"

    # --- what it depends on ---

    def _database(self) -> Check:
        async def look() -> Seen:
            try:
                return Seen(True, "", await self._runs.ping())
            except Problem as problem:
                return Seen(False, str(problem))

        most = self._database_seconds
        # A stuck disk is told from a slow one: the look is given more time than a healthy one may take.
        return Check("dependencies", "database", look, threshold=most, patience=4 * most, fresh=FRESH)

    def _models(self, client: httpx2.AsyncClient) -> Iterable[Check]:
        for name, document in self._content.models.items():
            simulated = self._content.environment.simulates(document.provider)
            simulator = self._settings.simulator_url if simulated else None
            url, headers = api(document, simulator, self._settings.key_of(document))
            circuits = [circuit for (model, _), circuit in self._agents.circuits().items() if model == name]
            most = self._dependency_seconds
            yield Dependency(f"model:{name}", "GET", f"{url}/models", circuits, client, most, headers).check()

    def _services(self, client: httpx2.AsyncClient) -> Iterable[Check]:
        tools = self._content.tools
        for service, url in self._agents.services():
            guards = self._agents.tool_circuits().items()
            circuits = [circuit for (tool, _), circuit in guards if tools[tool].service == service]
            most = self._dependency_seconds
            yield Dependency(f"service:{service}", "HEAD", url, circuits, client, most).check()

    # --- how it behaves ---

    def _made(self) -> Iterable[Canary]:
        for agent in self._content.agents.values():
            if policy := self._content.resilience[agent.resilience].health.canary:
                yield Canary(agent.name, policy, self._ask, lambda: self.live(), self._clock)

    def _behaves(self, canary: Canary) -> Check:
        profile = self._content.agents[canary.agent].resilience
        return canary.check(self._content.resilience[profile].deadline_seconds)
