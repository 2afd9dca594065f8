"""What a slot holds: one release's agents, ready to run, what they remember and how they are watched."""

import asyncio
from collections import OrderedDict

import httpx2
import sqlalchemy as sa

from mooring.release.release import Release
from mooring.runtime.agent.agents import Agents
from mooring.runtime.agent.runner import Runner
from mooring.runtime.agent.runs import Runs
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.others import Alone, Others
from mooring.runtime.core.outside import outside
from mooring.runtime.core.settings import Settings
from mooring.runtime.memory.conversations.conversations import Conversations
from mooring.runtime.memory.known_keys import KnownKeys
from mooring.runtime.memory.last_good import LastGoodStore
from mooring.runtime.memory.memories import Memories
from mooring.runtime.memory.shared_clock import SharedClock
from mooring.runtime.memory.spend import Spend
from mooring.runtime.memory.storage import url_for
from mooring.runtime.memory.stored_releases import StoredReleases
from mooring.runtime.watch.accounting import Accounting
from mooring.runtime.watch.health.check import Check, Seen
from mooring.runtime.watch.health.health import Health
from mooring.runtime.watch.memory_watch import MemoryWatch
from mooring.runtime.watch.observer import Observer
from mooring.runtime.watch.scrape import Scrape
from mooring.runtime.watch.telemetry import Metrics
from mooring.runtime.watch.tracing import tracing
from mooring.spec.model import missing_keys
from mooring.state.database import Database
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.place.address import Address
from mooring.state.records import running_code
from mooring.state.records.changes import THROUGH
from mooring.state.running_folder import folder
from mooring.state.unavailable import Unavailable, Unfit


class Runtime:
    """A release in a slot. `start` before use and `close` after; both may be called twice.

    A release that cannot be served does not raise: `ready` says why, and the deployment's deadline does the rest.
    """

    def __init__(self, release: Release, settings: Settings) -> None:
        self.release = release
        self.settings = settings
        self.simulated = not release.content.environment.calls_providers
        profiles = release.content.resilience.values()
        self.metrics = Metrics(tracing(settings.environ, settings.slot, release.digest))
        self.observer = Observer(release, settings, self.metrics)
        self.accounting = Accounting()
        self.database = Database(self._url(), settings.state)
        self.clock = SharedClock(self.database)
        self.last_good = LastGoodStore(self.database if settings.serving else None, self.clock)
        self.conversations = Conversations(self.database, profiles, self.clock)
        self.spend = Spend(self.database, self.clock)
        self.memories = Memories(self.database, self.clock)
        self.keys = KnownKeys(self.database, settings.state)
        self.agents = Agents(release, settings, self.metrics, self.last_good, self.spend, self.memories)
        self.runner = Runner(self.agents, self.conversations, self.observer)
        stored = StoredReleases(self.database, settings.state)
        self.runs = Runs(self.runner, self.database, stored, self.clock)
        self.memory = MemoryWatch([profile.memory for profile in profiles], [self._shed], self.metrics.memory.set)
        self.rehearsed: OrderedDict[str, list[str]] = OrderedDict()
        """The memories of rehearsals, by run: they read and write no others."""
        self.others: Others = Alone()
        """The other workers of the slot; whoever hosts the slot sets it."""
        self.client: httpx2.AsyncClient | None = None
        """What everything outside is called with; None before the start and after the end."""
        self._reasons: list[str] = ["not started"]
        ask, lag = self.runner.answer, self.metrics.loop_lag
        self.health = Health(release.content, settings, self.agents, self.runs, self.memory, self.ready, ask, lag)
        about = {"digest": release.digest, "slot": settings.slot}
        scrape = Scrape(
            about, self.accounting, self.conversations, self.agents, self.health, self.spend, settings.state / THROUGH
        )
        self.metrics.registry.register(scrape)

    async def start(self) -> None:
        """Opens clients and the store of runs, and builds the agents."""
        if self.client is not None:
            return
        settings = self.settings
        self.client = outside(not self.simulated, settings.simulator_url, settings.transport)
        self._reasons = []
        missing = missing_keys(self.release.content.real_models, self.settings.environ)
        self._reasons += [f"environment variable {name} is not set" for name in missing]
        self._reasons += self.agents.load(self.client)
        self._reasons += await self._unfit()
        if self.settings.serving:
            await self.clock.start()
            await self.spend.start()
            if self.release.content.environment.access:
                await self.keys.start()
                self.health.more = [self._keys_check()]
            await self.conversations.start()
            self.memory.start()
            self._reasons += await self.runs.open()
            self.health.start(self.client)

    async def close(self) -> None:
        """Stops background runs and closes clients and the store."""
        client, self.client = self.client, None
        if client is None:
            return
        self._reasons = ["closed"]
        self.health.stop()
        await self.runs.close()
        await self.memory.close()
        await self.conversations.close()
        await self.last_good.close()
        await self.spend.close()
        await self.keys.close()
        await self.clock.close()
        await self.database.close()
        await self.agents.close()
        await client.aclose()
        await asyncio.to_thread(self.metrics.tracing.close)

    def ready(self) -> tuple[bool, list[str]]:
        """Whether requests can be answered, and if not, all reasons. A reason never holds the value of a secret.

        A database that is down is not among them: answers go on without it, and it must not keep anyone from a
        rollback. `/readyz` says it.
        """
        return not self._reasons, list(self._reasons)

    async def answer(self, agent: str, message: str) -> str:
        """The text an agent answers to a message; for probes. Raises Problem."""
        return await self.runner.answer(agent, message)

    def busy(self) -> int:
        """Requests and background runs under way: a slot is retired when this is 0."""
        return self.accounting.in_flight + self.runs.under_way()

    def _url(self) -> Address | None:
        try:
            return url_for(self.release.content.environment, self.settings)
        except (LookupError, Unfit):
            return None

    async def _unfit(self) -> list[str]:
        """What keeps the slot from ever using its database; one that is down may come back."""
        if not self.settings.serving:
            return []
        try:
            url_for(self.release.content.environment, self.settings)
            await self.database.open()
            if self.settings.worker == 1:
                await self.database.write(self._say_code)
        except LookupError as error:
            return [str(error)]
        except Unfit as error:
            return [f"{error}; {error.fix}" if error.fix else str(error)]
        except Unavailable as error:
            LOGGER.error("the database is unavailable: %s", error)
        return []

    def _keys_check(self) -> Check:
        async def look() -> Seen:
            return Seen(self.keys.holds, "" if self.keys.holds else self.keys.since)

        return Check("dependencies", "keys", look)

    def _say_code(self, connection: sa.Connection) -> None:
        where, settings = folder(self.settings.state), self.settings
        running_code.say(connection, where, settings.slot, self.release.digest, len(MIGRATIONS))

    def _shed(self) -> None:
        """Frees all caches."""
        self.conversations.shed()
        self.last_good.shed()
        self.agents.shed()
