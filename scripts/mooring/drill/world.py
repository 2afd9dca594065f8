"""Everything outside of the slot: the simulated vendors and services, to which the incidents of a trace happen."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from mooring.drill.in_process import InProcess, NoConnection
from mooring.drill.schedule import Arrival
from mooring.drill.trace import Outage
from mooring.release.content import ReleaseContent
from mooring.simulator import rulebook
from mooring.simulator.app import create_app
from mooring.simulator.faults import Board, Call, Fault, Kind
from mooring.simulator.rulebook import Rulebook
from mooring.simulator.services.documents import Service
from mooring.simulator.services.world import read as read_services
from mooring.spec.drill import Mode

URL = "http://simulator.invalid"
"""Where vendors and services are; nothing but this process answers there."""

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""The wall clock of the services at the beginning of a trace."""

HANG_UP = 600.0
"""Seconds after which a vendor that says nothing closes the connection."""

MEDIAN_SECONDS, SPREAD = 1.2, 0.4
"""Of the log-normal time that a model takes to answer when it is well; a local one is twice as quick."""

SLOW_SHARE, SLOW_TIMES = 0.03, 4.0
"""So many answers of a model that is well take so many times as long: limits of time that are too short cut them."""

FAULTS: Mapping[Mode, Kind] = {
    "down": "status",
    "errors": "status",
    "auth": "status",
    "rate-limit": "retry-after",
    "latency": "latency",
    "hang": "hang",
    "empty": "empty",
    "malformed": "malformed",
    "cut": "cut-stream",
    "truncated": "truncated",
    "unfinished": "unfinished",
    "wrong": "wrong-content",
}
"""The simulator's word for each mode but `refused`, which takes no connection."""


BLIP = Fault(kind="status", status=503)
"""What a vendor answers now and then although it is well."""


@dataclass(frozen=True)
class Rules:
    """What the simulated vendors and services do, read once for all that is lived through."""

    book: Rulebook
    services: Mapping[str, Service]

    @classmethod
    def of(cls, folder: Path) -> "Rules":
        """Raises FindingsError with all that is wrong in them."""
        return cls(rulebook.read(folder), read_services(folder))


@dataclass
class Tracked:
    """What a question led to outside. `calls` are model calls, by vendor; `sick` those to one that was failing."""

    arrival: Arrival
    calls: Counter[str] = field(default_factory=Counter)
    sick: Counter[str] = field(default_factory=Counter)
    draws: int = 0


ASKED: ContextVar[Tracked | None] = ContextVar("drill_asked", default=None)
"""The question on whose behalf something is called."""


class World:
    """Time is the event loop's, seconds since the `origin` that `begin` sets. Chance depends on the question only.

    So each arm meets the same luck, however much more or less it asks.
    """

    def __init__(
        self,
        content: ReleaseContent,
        outages: Sequence[Outage],
        blips: float,
        seed: int,
        rules: Rules,
        state: Path,
    ) -> None:
        self._outages, self._blips, self._seed = outages, blips, seed
        self._vendors = vendors(content)
        self._local = {model.provider for model in content.models.values() if not model.prices.input_per_million}
        self.origin = 0.0
        app = create_app(rules.book, rules.services, state, 0.0, self._wall, isolated=True, board=_Board(self))
        self.transport: httpx2.AsyncBaseTransport = InProcess(app)

    def begin(self) -> None:
        """The trace begins now."""
        self.origin = asyncio.get_running_loop().time()

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return asyncio.get_running_loop().time() - self.origin

    def sick(self, call: Call, agent: str) -> list[Outage]:
        """The incidents that may hit this call now."""
        now = self.now
        return [each for each in self._outages if each.start <= now < each.end and self._meant(each, call, agent)]

    def _meant(self, outage: Outage, call: Call, agent: str) -> bool:
        if call.service is not None:
            return outage.failing.service in ("*", call.service)
        rungs = self._vendors.get(agent, {})
        return call.provider == outage.vendor or any(rungs.get(rung) == call.provider for rung in outage.rungs)

    def draw(self, call: Call) -> Fault | None:
        """What happens to a call: a fault, or the time that an answer takes. Raises NoConnection."""
        tracked = ASKED.get()
        agent = tracked.arrival.question.agent if tracked else ""
        open_now = self.sick(call, agent)
        if tracked and call.service is None:
            tracked.calls[call.provider] += 1
            tracked.sick[call.provider] += bool(open_now)
        chance = self._chance(tracked)
        for outage in open_now:
            if chance.random() < outage.severity:
                return self._fault(outage)
        if call.service is not None:
            return None
        if self._blips and not open_now and chance.random() < self._blips:
            return BLIP
        return _latency(self._took(call, chance))

    def _fault(self, outage: Outage) -> Fault:
        failing = outage.failing
        if failing.mode == "refused":
            raise NoConnection
        seconds = failing.seconds
        if failing.mode == "latency" and failing.growing:
            seconds *= (self.now - outage.start) / outage.seconds
        status = 401 if failing.mode == "auth" else failing.status
        return Fault(kind=FAULTS[failing.mode], status=status, seconds=seconds, content=failing.content)

    def _took(self, call: Call, chance: random.Random) -> float:
        times = SLOW_TIMES if chance.random() < SLOW_SHARE else 1.0
        times *= 0.5 if call.provider in self._local else 1.0
        return chance.lognormvariate(0.0, SPREAD) * MEDIAN_SECONDS * times

    def _chance(self, tracked: Tracked | None) -> random.Random:
        if tracked is None:
            return random.Random(self._seed)  # noqa: S311 - a die
        tracked.draws += 1
        return random.Random(f"{self._seed}/{tracked.arrival.number}/{tracked.draws}")  # noqa: S311

    def _wall(self) -> datetime:
        return BEGIN + timedelta(seconds=self.now)


class _Board(Board):
    """Asks the trace."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._draw = world.draw

    def draw(self, call: Call) -> Fault | None:
        return self._draw(call)


def _latency(seconds: float) -> Fault:
    return Fault.model_construct(kind="latency", seconds=seconds)


def vendors(content: ReleaseContent) -> dict[str, dict[str, str]]:
    """By agent and rung, the provider of the model there."""
    return {
        name: {rung: content.models[model].provider for rung, model in agent.models.names()}
        for name, agent in content.agents.items()
    }
