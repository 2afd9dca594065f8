"""What answering may take at worst: seconds and calls, rung by rung, computed from the documents alone.

The worst case is that every try fails only when its time is up, and that every wait is the longest its jitter allows.
Fewer tries may time out than may be made, and all tries of a rung share the time of those: `Resilience.rung_seconds`.
Hedging makes it better, but its own budget may be spent: so the worst case is the one without.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog
from mooring.catalog.deployed import environments
from mooring.spec import Agent, Model, Resilience, Tool

SUMMARY = "summary"
"""The call that summarises a conversation that is too long, before the ladder is asked."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One thing that is called, and tried again. `call` names the rung or the tool; times are in seconds.

    Of the `tries`, so many `timeouts` bound the time; `waits` are those between them.
    """

    call: str
    name: str
    tries: int
    timeout: float
    waits: float
    timeouts: int

    @property
    def seconds(self) -> float:
        """Until it gives up, at worst."""
        return self.timeouts * self.timeout + self.waits

    def __str__(self) -> str:
        waits = f" + {self.waits:.4g} s of waits" if self.waits else ""
        return f"{self.call} {self.timeouts} x {self.timeout:g} s{waits}"


@dataclass(frozen=True, slots=True)
class Budget:
    """One agent under its profile. `rungs` are asked in turn for one model call; `tools` may each come before it.

    `objective` is what one model call may take, `hedge` after how long the next rung is asked beside a slow one.
    """

    agent: str
    profile: str
    deadline: float
    model_calls: int
    rungs: tuple[Cost, ...]
    tools: tuple[Cost, ...]
    objective: float | None = None
    hedge: float | None = None

    @property
    def ladder(self) -> float:
        """Seconds until the last rung that calls a model has given up."""
        return sum(rung.seconds for rung in self.rungs)

    @property
    def hedged(self) -> float | None:
        """The same while the hedge budget lasts; None without hedging."""
        calling = [rung.seconds for rung in self.rungs if rung.call != SUMMARY]
        if self.hedge is None or len(calling) < 2:
            return None
        longest = max(number * self.hedge + seconds for number, seconds in enumerate(calling))
        return min(self.ladder, self.ladder - sum(calling) + longest)

    @property
    def calls(self) -> int:
        """Calls of models that one step of the agent may cause."""
        return sum(rung.tries for rung in self.rungs)

    @property
    def slowest(self) -> Cost | None:
        """The tool that may take longest."""
        return max(self.tools, key=lambda tool: tool.seconds, default=None)

    @property
    def stacked(self) -> float:
        """Seconds of the slowest tool's tries, and then of the whole ladder for the model to read its result."""
        return self.ladder + (self.slowest.seconds if self.slowest else 0)


def budget(view: Catalog, agent: Agent) -> Budget | None:
    """The budget of an agent, as `view` has its documents; None when its profile is not there."""
    profile = view.get(Resilience, agent.resilience)
    if profile is None:
        return None
    profile = agent.profiled(profile)
    tools = tuple(_tool(tool, profile) for name in agent.tools if (tool := view.get(Tool, name)))
    rungs = (*_summary(view, profile), *(_rung(rung, name, profile) for rung, name in agent.models.names()))
    seconds, calls, hedge = profile.deadline_seconds, agent.limits.max_model_calls, profile.ladder.hedge
    after = hedge.after_seconds if hedge.enabled else None
    return Budget(agent.name, profile.name, seconds, calls, rungs, tools, profile.objectives.p99_seconds, after)


def budgets(catalog: Catalog) -> list[tuple[Budget, tuple[str, ...]]]:
    """Every budget with the environments that have it, overrides applied."""
    found: dict[Budget, tuple[str, ...]] = {}
    for environment, view, agents in environments(catalog):
        for known in (budget(view, agent) for _, agent in agents):
            if known is not None:
                found[known] = (*found.get(known, ()), environment.name)
    return sorted(found.items(), key=lambda item: (item[0].agent, item[1]))


def _rung(rung: str, name: str, profile: Resilience) -> Cost:
    tries, timeout = profile.tries(rung), profile.ladder.rungs.of(rung).timeout_seconds
    timeouts = profile.timeouts(rung)
    return Cost(rung, name, tries, timeout, _waits(profile, timeouts), timeouts)


def _summary(view: Catalog, profile: Resilience) -> Iterator[Cost]:
    """It is tried as L2 is, within a limit of its own."""
    context = profile.context
    if context.strategy == "summarise-middle" and context.summary_model and view.get(Model, context.summary_model):
        longest = min(context.summary_seconds, profile.rung_seconds("L2"))
        yield Cost(SUMMARY, context.summary_model, profile.tries("L2"), longest, 0, 1)


def _tool(tool: Tool, profile: Resilience) -> Cost:
    tries = profile.tools.tries if tool.repeatable else 1
    return Cost(tool.exported, tool.name, tries, tool.timeout_seconds, _waits(profile, tries), tries)


def _waits(profile: Resilience, tries: int) -> float:
    return sum(profile.retry.longest_wait(number) for number in range(1, tries))
