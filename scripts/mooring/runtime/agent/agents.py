"""The agents of a slot: those of its release, and those of earlier releases that unfinished runs began with."""

from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import httpx2

from mooring.errors import MooringError
from mooring.release.release import Release
from mooring.release.store import RELEASES, Store
from mooring.runtime.agent import first_use
from mooring.runtime.agent.build_agents import ReleaseAgents
from mooring.runtime.agent.served import Served
from mooring.runtime.core.circuit import Circuit
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import Budget, Record
from mooring.runtime.core.settings import Settings
from mooring.runtime.memory.last_good import LastGoodStore
from mooring.runtime.memory.memories import Memories
from mooring.runtime.memory.spend import Spend
from mooring.runtime.watch.telemetry import Metrics


class Agents:
    """Built by `load`, closed by `close`. An earlier release is read from the store when a run first asks for it."""

    def __init__(
        self,
        release: Release,
        settings: Settings,
        metrics: Metrics,
        last_good: LastGoodStore,
        spend: Spend,
        memories: Memories,
    ) -> None:
        self.release, self.settings = release, settings
        self._metrics, self._last_good, self._spend, self._memories = metrics, last_good, spend, memories
        self._client: httpx2.AsyncClient | None = None
        self._built: dict[str, ReleaseAgents] = {}

    def load(self, client: httpx2.AsyncClient) -> list[str]:
        """Builds the agents of the slot's release, which call everything outside by `client`; why it cannot."""
        self._client = client
        try:
            self._built[self.release.digest] = self._build(self.release, client)
            first_use.prepare()
        except Exception as error:  # noqa: BLE001 - whatever it is, /readyz says it
            LOGGER.exception("release cannot be served", extra={"release": self.release.digest})
            return [f"the release cannot be served: {error}"]
        return []

    async def close(self) -> None:
        """Ends the tools' processes and connections."""
        self._client = None
        for built in self._built.values():
            await built.toolbox.close()

    def shed(self) -> None:
        """Frees caches."""
        for built in self._built.values():
            for summariser in built.summarisers.values():
                summariser.forget()

    @property
    def names(self) -> list[str]:
        """Names of the release's agents, which are the models that clients see."""
        return sorted(self.release.content.agents)

    def get(self, name: str, digest: str | None = None) -> Served:
        """An agent of the slot's release, or of the release `digest` that a run began with. Raises Problem."""
        served = self._of(digest or self.release.digest).agents.get(name)
        if served is None:
            raise Problem("model_not_found", f"there is no agent {name[:80]!r} here", "model")
        return served

    def serves(self, digest: str) -> bool:
        """Whether there is a release of this digest here, which says nothing of whether it can be served."""
        return digest in self._built or digest in Store(self.settings.state / RELEASES)

    def record(
        self,
        served: Served,
        languages: tuple[str, ...] = (),
        run: str | None = None,
        tenant: str = "",
        key: str = "",
        user: str = "",
    ) -> Record:
        """A new run's record, with the whole deadline of the agent's profile before it."""
        name, budget = served.document.name, Budget(served.profile.deadline_seconds)
        record = Record(run or f"run_{uuid4().hex}", name, budget, languages, tenant, key, user)
        record.release = served.release
        record.on_spend = partial(self._spend.add, tenant, key, name)
        return record

    def circuits(self) -> dict[tuple[str, str], Circuit]:
        """Circuits of the release's models, by model and profile."""
        return self._current.breakers if self._current else {}

    def tool_circuits(self) -> dict[tuple[str, str], Circuit]:
        """Circuits of the release's tools, by tool and profile."""
        return self._current.toolbox.circuits if self._current else {}

    def services(self) -> Iterator[tuple[str, str]]:
        """Every service that the release's tools call, with its URL; none before the agents are loaded."""
        if self._current:
            for service in sorted({tool.service for tool in self.release.content.tools.values() if tool.service}):
                yield service, self._current.toolbox.url_of(service)

    @property
    def _current(self) -> ReleaseAgents | None:
        return self._built.get(self.release.digest)

    def _build(self, release: Release, client: httpx2.AsyncClient) -> ReleaseAgents:
        return ReleaseAgents(release, self.settings, client, self._metrics, self._last_good, self._memories)

    def _of(self, digest: str) -> ReleaseAgents:
        if digest in self._built:
            return self._built[digest]
        if self._client is None or digest == self.release.digest:
            raise Problem("release_unavailable", "the slot is not ready to serve its release")
        try:
            release = Store(self.settings.state / RELEASES).get(digest)
            self._built[digest] = self._build(release, self._client)
        except (MooringError, ValueError, KeyError) as error:
            raise Problem("release_unavailable", f"the run's release {digest} cannot be served: {error}") from error
        return self._built[digest]
