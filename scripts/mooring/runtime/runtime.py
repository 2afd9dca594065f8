"""What a slot holds: one release's agents, ready to run, and the means they run with."""

import asyncio
from collections.abc import Awaitable, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from uuid import uuid4

import httpx2

from mooring.errors import MooringError
from mooring.release.release import Release
from mooring.release.store import Store
from mooring.runtime.accounting import Accounting
from mooring.runtime.agents import OnText, Served
from mooring.runtime.circuit import Circuit
from mooring.runtime.conversations.conversations import Conversations
from mooring.runtime.crew import SIMULATED, Crew
from mooring.runtime.health.health import Health
from mooring.runtime.health.scrape import Scrape
from mooring.runtime.ladder.last_good import LastGoodStore
from mooring.runtime.logs import LOGGER
from mooring.runtime.memory import MemoryWatch
from mooring.runtime.models import missing_keys
from mooring.runtime.observed import Observer
from mooring.runtime.problems import Problem
from mooring.runtime.record import CURRENT, Budget, Record
from mooring.runtime.runs import Runs
from mooring.runtime.settings import Settings
from mooring.runtime.store import RunStore
from mooring.runtime.telemetry import Metrics
from mooring.runtime.tracing import tracing
from mooring.runtime.turn import Answer, Turn

RELEASES, RUNS, ANSWERS, CONVERSATIONS = "releases", "runs.db", "answers.db", "conversations.db"
"""Names in the state folder: releases that were ever deployed, runs, the last good answers, and conversations."""


class Runtime:
    """A release in a slot. `start` before use and `close` after; both may be called twice.

    A release that cannot be served does not raise: `ready` says why, and the deployment's deadline does the rest.
    """

    def __init__(self, release: Release, settings: Settings) -> None:
        self.release = release
        self.settings = settings
        self.simulated = release.content.environment.endpoints == SIMULATED
        self.metrics = Metrics(tracing(settings.environ, settings.slot, release.digest))
        self.observer = Observer(release, settings, self.metrics)
        self.accounting = Accounting()
        self.runs = Runs(self, RunStore(settings.state / RUNS))
        self.last_good = LastGoodStore(settings.state / ANSWERS)
        profiles = release.content.resilience.values()
        self.conversations = Conversations(settings.state / CONVERSATIONS, profiles)
        self.memory = MemoryWatch([profile.memory for profile in profiles], [self._shed], self.metrics.memory.set)
        self._client: httpx2.AsyncClient | None = None
        self._crews: dict[str, Crew] = {}
        self._reasons: list[str] = ["not started"]
        self.health = Health(self)
        self.metrics.registry.register(Scrape(self))

    async def start(self) -> None:
        """Opens clients and the store of runs, and builds the agents."""
        if self._client is not None:
            return
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
        # What a service gives one run to keep, no other run sends back.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx2.AsyncClient(limits=limits, timeout=30, trust_env=not self.simulated, cookies=no_cookies)
        await self.conversations.start()
        self.memory.start()
        self._reasons = []
        environ, models = self.settings.environ, self.release.content.models.values()
        if not self.simulated:
            self._reasons += [f"environment variable {name} is not set" for name in missing_keys(models, environ)]
        try:
            self._crews[self.release.digest] = self._manned(self.release, self._client)
        except Exception as error:  # noqa: BLE001 - whatever it is, /readyz says it
            LOGGER.exception("release cannot be served", extra={"release": self.release.digest})
            self._reasons.append(f"the release cannot be served: {error}")
        self._reasons += await self.runs.open()
        self.health.start()

    async def close(self) -> None:
        """Stops background runs and closes clients and the store."""
        client, self._client = self._client, None
        if client is None:
            return
        self._reasons = ["closed"]
        self.health.stop()
        await self.runs.close()
        await self.memory.close()
        await self.conversations.close()
        await self.last_good.close()
        for crew in self._crews.values():
            await crew.toolbox.close()
        await client.aclose()
        await asyncio.to_thread(self.metrics.tracing.close)

    def ready(self) -> tuple[bool, list[str]]:
        """Whether requests can be answered, and if not, all reasons. A reason never holds the value of a secret.

        A database that is down is not among them: answers go on without it, and it must not keep anyone from a
        rollback. `/readyz` says it.
        """
        return not self._reasons, list(self._reasons)

    def busy(self) -> int:
        """Requests and background runs under way: a slot is retired when this is 0."""
        return self.accounting.in_flight + self.runs.under_way()

    @property
    def client(self) -> httpx2.AsyncClient | None:
        """What everything outside is called with; None before the start and after the end."""
        return self._client

    @property
    def crew(self) -> Crew | None:
        """The agents of the slot's own release; None when it is not loaded."""
        return self._crews.get(self.release.digest)

    def circuits(self) -> dict[tuple[str, str], Circuit]:
        """Of the models, by model and profile."""
        return self.crew.breakers if self.crew else {}

    def tool_circuits(self) -> dict[tuple[str, str], Circuit]:
        """Of the tools, by tool and profile."""
        return self.crew.toolbox.circuits if self.crew else {}

    def agents(self) -> list[str]:
        """Names of the agents, which are the models that clients see."""
        return sorted(self.release.content.agents)

    def agent(self, name: str, digest: str | None = None) -> Served:
        """An agent of the slot's release, or of the release `digest` that a run began with. Raises Problem."""
        served = self._crew(digest or self.release.digest).agents.get(name)
        if served is None:
            raise Problem("model_not_found", f"there is no agent {name[:80]!r} here", "model")
        return served

    async def answer(self, agent: str, message: str) -> str:
        """The text an agent answers to a message; for probes. Raises Problem."""
        served = self.agent(agent)
        return (await self.run(served, Turn(message), self.record(served))).text

    def record(self, served: Served, languages: tuple[str, ...] = (), run: str | None = None) -> Record:
        """A new run's record, with the whole deadline of the agent's profile before it."""
        budget = Budget(served.profile.deadline_seconds)
        return Record(run or f"run_{uuid4().hex}", served.document.name, budget, languages)

    async def run(self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None) -> Answer:
        """Runs an agent on a turn, measured and logged. Raises Problem."""
        return await self.observed(record, lambda: self.said(served, turn, record, on_text))

    async def said(self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None) -> Answer:
        """What an agent answers to a turn of its conversation, if there is one. Within a run. Raises Problem."""
        return await self.conversations.held(served.profile, turn, record, lambda whole: served.run(whole, on_text))

    async def observed(self, record: Record, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Does the work of a run in its context, and counts and logs how it ended."""
        token = CURRENT.set(record)
        try:
            with self.observer.run(record):
                return await work()
        finally:
            CURRENT.reset(token)

    def _shed(self) -> None:
        """Lets go of everything that is in memory for speed alone."""
        self.conversations.shed()
        self.last_good.shed()
        for crew in self._crews.values():
            for summariser in crew.summarisers.values():
                summariser.forget()

    def _manned(self, release: Release, client: httpx2.AsyncClient) -> Crew:
        return Crew(release, self.settings, client, self.metrics, self.last_good)

    def _crew(self, digest: str) -> Crew:
        if digest in self._crews:
            return self._crews[digest]
        if self._client is None or digest == self.release.digest:
            raise Problem("release_unavailable", "the slot is not ready to serve its release")
        try:
            release = Store(self.settings.state / RELEASES).get(digest)
            self._crews[digest] = self._manned(release, self._client)
        except (MooringError, ValueError, KeyError) as error:
            raise Problem("release_unavailable", f"the run's release {digest} cannot be served: {error}") from error
        return self._crews[digest]
