"""Whether the promises of an environment are kept now: by Prometheus, else by what the environment itself counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mooring import metrics as names
from mooring.errors import Failed, Stopped
from mooring.operate.objectives.server import Asked, Asking, unseen
from mooring.outcome import Reason
from mooring.rollout.objectives.measure import Measured, measured
from mooring.rollout.objectives.window import Between, Key, Totals, Window
from mooring.spec import Objectives


class Source(Protocol):
    """Where numbers come from. `name` is for people."""

    @property
    def name(self) -> str: ...

    def windows(self) -> Callable[[float], Window]:
        """Gives the window of so many seconds until now, or what there is of it. Raises Stopped with the reason."""


class Target(Protocol):
    """What is asked of a target."""

    def totals(self, slot: str) -> Totals:
        """What the processes of a slot counted. Raises Stopped."""


@dataclass(frozen=True)
class Judged:
    """`source` is the one that answered, "" when none did; `unanswered` says why those before it did not."""

    environment: str
    source: str
    measured: tuple[Measured, ...]
    unanswered: tuple[str, ...] = ()

    @property
    def missed(self) -> tuple[Measured, ...]:
        """What is promised and not kept."""
        return tuple(one for one in self.measured if one.holds is False)

    @property
    def known(self) -> bool:
        """Whether anything can be said at all."""
        return any(one.holds is not None for one in self.measured)

    @property
    def reason(self) -> Reason:
        """MISSED when a promise is not kept.

        Too few events say nothing about a single promise, which is no failure: at night that is normal. Of none of
        them to know anything is one, since then nobody would notice.
        """
        if self.missed:
            return Reason.MISSED
        return Reason.REPORTED if self.known else Reason.UNKNOWN

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "environment": self.environment,
            "source": self.source,
            "unanswered": list(self.unanswered),
            "objectives": [one.data() for one in self.measured],
        }


def judge(environment: str, objectives: Objectives, sources: Sequence[Source]) -> Judged:
    """By the first source that answers."""
    unanswered: list[str] = []
    for source in sources:
        try:
            window_of = source.windows()
            found = tuple(measured(objective, window_of(objective.seconds)) for objective in objectives.objectives)
            return Judged(environment, source.name, found, tuple(unanswered))
        except Stopped as stopped:
            unanswered.append(str(stopped))
    return Judged(environment, "", (), tuple(unanswered))


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that scrapes the environment."""

    environment: str
    objectives: Objectives
    environ: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        return self.objectives.prometheus.url if self.objectives.prometheus else ""

    def windows(self) -> Callable[[float], Window]:
        """Failed(PROCESS) when it does not answer, or cannot scrape the environment."""
        if self.objectives.prometheus is None:
            raise Failed(Reason.PROCESS, "no Prometheus is named")
        server = Asking.of(self.objectives.prometheus, self.environ)
        if why := unseen(server, self.environment):
            raise Failed(Reason.PROCESS, why)
        return lambda seconds: Asked(server, self.environment, seconds)


@dataclass(frozen=True)
class Slots:
    """What the processes of both slots have counted since they began."""

    target: Target
    slots: tuple[str, ...]
    name: str = "what the slots counted since they began"

    def windows(self) -> Callable[[float], Window]:
        """One window for all: how much of it was when is not known here. Raises Stopped when no slot answers."""
        found: dict[Key, float] = {}
        stopped: Stopped | None = None
        for slot in self.slots:
            try:
                for (metric, labels), value in self.target.totals(slot).items():
                    found[metric, labels | {("slot", slot)}] = value
            except Stopped as error:
                stopped = error
        if not found:
            raise stopped or Failed(Reason.NOT_RUNNING, "no slot has a process")
        since = max((value for (metric, _), value in found.items() if metric == names.UPTIME), default=0.0)
        return lambda _seconds: Between({}, found, round(since, 3))
