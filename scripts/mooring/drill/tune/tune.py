"""Tunes a profile: searches on some traces, proves on others, and says whether the best point is worth an edit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.catalog.catalog import Catalog
from mooring.drill.arms.names import HEAD
from mooring.drill.quantities import Interval, difference
from mooring.drill.tune.apply import Allowed
from mooring.drill.tune.front import THOUSAND, Limits, Row, counted, front, gained, row, summary
from mooring.drill.tune.lives import Lives, OnDone, Seen
from mooring.drill.tune.search import Search
from mooring.drill.tune.space import TODAY, Point, space
from mooring.drill.tune.traces import Split, Trace, split
from mooring.drill.verdict import LEAST_SHARE
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec import Drill, Resilience

MORE = 1.1
"""Times today's cost that a point may cost, where no limit is given."""


@dataclass(frozen=True)
class Wish:
    """What is tuned, and on what. `cost_usd` is the limit for a thousand answers, None for today's and a tenth."""

    catalog: Catalog
    release: Release
    profile: Resilience
    drills: Mapping[str, Drill]
    rules: Path
    evals: Path
    seed: int
    evaluations: int
    cost_usd: float | None


@dataclass(frozen=True)
class Proof:
    """Today's profile and the chosen point on traces that the search never saw, by a whole slot.

    `gained` is availability less a thousandth for each second of the mean time, paired by question. `why_not` says why
    the point is no better, "" when it is.
    """

    today: tuple[Seen, ...]
    chosen: tuple[Seen, ...]
    gained: Interval
    why_not: str


@dataclass(frozen=True)
class Tuned:
    """The result. `front` are rows of points by the traces of the search, and `today` is that of today's profile."""

    profile: Resilience
    split: Split
    limits: Limits
    evaluations: int
    tried: int
    today: Row
    front: tuple[Row, ...]
    chosen: Point
    proof: Proof | None

    @property
    def better(self) -> bool:
        """Whether the chosen point is worth an edit."""
        return self.proof is not None and not self.proof.why_not


class Tuning:
    """One search and its proof. Refused(EMPTY_SET) when there are too few drills for the profile's agents."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self._done: OnDone = lambda: None
        content, profile = wish.release.content, wish.profile
        self.split = split(wish.drills, content, profile, wish.seed, wish.evals)
        agents = [agent for agent in content.agents.values() if agent.resilience == profile.name]
        if not agents:
            where = content.environment.name
            raise Refused(Reason.EMPTY_SET, f"no agent of {where} has profile {profile.name}: there is nothing to tune")
        rungs = sorted({rung for agent in agents for rung, _ in agent.models.names()})
        self.space = space(profile, rungs, order=_named(self.split.search, wish.release, profile))
        self._lives = Lives(wish.release, profile, wish.rules, lambda: self._done())
        self._limits = Limits(profile.objectives.p99_seconds, wish.cost_usd or float("inf"))
        allowed = Allowed(wish.catalog, profile)
        self.search = Search(self.space, allowed, self._lives.all, self.split.search, self._limits)

    @property
    def steps(self) -> int:
        """How often `run` says that it has done something, at most."""
        return self.wish.evaluations + 2 * len(self.split.held_out)

    def run(self, done: OnDone) -> Tuned:
        """Blocks. Raises Failed when today's profile cannot be drilled."""
        self._done = done
        today = summary(self.search.today(), self._limits)
        self._limits = Limits(self._limits.p99_seconds, self.wish.cost_usd or today.cost_usd * MORE)
        self.search.limit(self._limits)
        self.search.run(self.wish.evaluations, self.wish.seed)
        chosen = self.search.best
        return self._result(chosen, None if chosen == TODAY else self._proof(chosen, today.cost_usd))

    def so_far(self) -> Tuned | None:
        """The result of a search that was stopped, without a proof; None when not even today's profile is measured."""
        return self._result(self.search.best, None) if self.search.whole else None

    def _result(self, chosen: Point, proof: Proof | None) -> Tuned:
        search = self.search
        return Tuned(
            self.wish.profile,
            self.split,
            self._limits,
            search.spent,
            len(search.seen),
            row(search.seen[TODAY], self._limits),
            self._front(),
            chosen,
            proof,
        )

    def _front(self) -> tuple[Row, ...]:
        points = front(self.search.summary(point) for point in self.search.whole)
        return tuple(row(self.search.seen[each.point], self._limits) for each in points)

    def _proof(self, chosen: Point, cost: float) -> Proof:
        traces = self.split.held_out
        seen = list(self._lives.all([(point, trace) for point in (TODAY, chosen) for trace in traces], HEAD))
        by_place = {(each.point, each.trace.name): each for each in seen}
        if missing := [trace.name for trace in traces if (chosen, trace.name) not in by_place]:
            raise Refused(Reason.FINDINGS, f"the chosen point crashes in {', '.join(missing)}: {chosen}")
        before, after = (tuple(by_place[point, trace.name] for trace in traces) for point in (TODAY, chosen))
        more = gained(before, after)
        return Proof(before, after, more, _why_not(before, after, more, self._limits, cost))


def _why_not(before: Sequence[Seen], after: Sequence[Seen], more: Interval, limits: Limits, cost: float) -> str:
    """Why a point does not beat today's; `cost` is what today's costs on the traces of the search."""
    for one, other in zip(before, after, strict=True):
        lost = difference(counted(one.answers), counted(other.answers), lambda answer: answer.good)
        if lost.high < 0 and lost.value <= -LEAST_SHARE:
            return f"it loses {-lost.value * 100:.2g} % of availability in {one.trace.name}"
    now, then = summary(before, limits), summary(after, limits, before)
    allowed = now.cost_usd * limits.cost_usd / cost if cost else limits.cost_usd
    if then.cost_usd > allowed:
        return f"it costs {then.cost_usd:.4g} USD for {THOUSAND:,} answers, above the limit of {allowed:.4g} there"
    if _without_cost(then.missed) > _without_cost(now.missed):
        return f"it misses more targets: {'; '.join(then.missed)}"
    if more.low <= 0 and _without_cost(then.missed) == _without_cost(now.missed):
        return "what it gains there may be chance"
    if more.high < 0:
        return "it is slower there, or answers less"
    return ""


def _without_cost(missed: Sequence[str]) -> int:
    return sum(not what.startswith("cost") for what in missed)


def _named(traces: Sequence[Trace], release: Release, profile: Resilience) -> bool:
    """Whether a trace says which vendor fails: where all name rungs, their order changes nothing but prices."""
    models, agents = release.content.models, release.content.agents.values()
    asked = {models[name].provider for a in agents if a.resilience == profile.name for _, name in a.models.names()}
    return any(outage.vendor in asked for trace in traces for outages in trace.outages for outage in outages)
