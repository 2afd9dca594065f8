"""The release before the one that bakes, as its control: what it suffers too is not the fault of the new one."""

from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING

from mooring import metrics as names
from mooring.errors import Stopped
from mooring.rollout.objectives.window import Between, Totals
from mooring.rollout.state import Side, other
from mooring.rollout.target import Clock, Reader

if TYPE_CHECKING:
    from mooring.spec.objectives import Objective

QUESTIONS = 5
"""Probes that the old release is asked when a budget burns which it may burn too."""

SECONDS = 30.0
"""After which no more of them is asked: meanwhile, nobody watches the new release."""


@dataclass(frozen=True)
class Control:
    """A slot that had the traffic until the switch. It counted `lately` since the staging began, and `ever` in all."""

    reader: Reader
    side: Side
    clock: Clock
    lately: Between
    ever: Between

    @classmethod
    def of(cls, reader: Reader, new: Side, clock: Clock, earlier: Totals | None) -> "Control | None":
        """The slot beside that of a new release; None where no other release is ready there, or it cannot be read.

        `earlier` is what it had counted some time before the switch, None where that is not known.
        """
        slot = other(new.slot)
        try:
            facts = reader.facts().slots.get(slot)
            if facts is None or not facts.ready or facts.digest in (None, new.digest):
                return None
            now = reader.totals(slot)
        except Stopped:
            return None
        return cls(reader, Side(slot, str(facts.digest)), clock, Between(earlier or {}, now, 1), Between({}, now, 1))

    def suffers(self, objective: "Objective", served: Between) -> str:
        """How this release burns the budget too, "" where it does not or nobody knows.

        Only the agents that burned it in what the new release `served` are compared: another may have another vendor.
        Before the switch it had traffic, which tells; after it, it is asked its own probes.
        """
        from mooring.rollout.objectives.burn import SHARED, burns

        if objective.signal not in SHARED:
            return ""
        agents = _burners(objective, served)
        if any(burns(objective, _of(window, agents)) for window in (self.lately, self.ever)):
            return f"{self.side.slot} burned it before the switch too"
        with suppress(Stopped):
            bad, asked = self._asked(objective, agents)
            if _burnt(objective, bad, asked):
                return f"{self.side.slot} burns it too, by {bad:.0f} of {asked:.0f} probes"
        return ""

    def _asked(self, objective: "Objective", agents: AbstractSet[str]) -> tuple[float, float]:
        """How many questions were answered badly, and how many were asked. Raises Stopped."""
        from mooring.rollout.objectives.measure import events_of
        from mooring.rollout.objectives.signals import Share, measure_of

        before = self.reader.totals(self.side.slot)
        seconds = self._seconds(objective, agents)
        measure = measure_of(objective)
        if not isinstance(measure, Share):
            return float(sum(taken > objective.target for taken in seconds)), float(len(seconds))
        window = _of(Between(before, self.reader.totals(self.side.slot), 1), agents)
        bad, total = (
            events_of(replace(one, metric=f"{names.PROBED}_total"), window) for one in (measure.bad, measure.total)
        )
        return bad, total

    def _seconds(self, objective: "Objective", agents: AbstractSet[str]) -> list[float]:
        """What each question took, those included that were given up."""
        limit = objective.target + 1 if objective.signal == "p99-seconds" else SECONDS
        rollout = self.reader.release(self.side.digest).content.environment.rollout
        probes = [probe for probe in rollout.probes if not agents or probe.agent in agents]
        taken: list[float] = []
        end = self.clock.now() + SECONDS
        for probe in islice(cycle(probes), QUESTIONS):
            began = self.clock.now()
            with suppress(Stopped):
                self.reader.probe(self.side.slot, probe.agent, probe.say, limit)
            taken.append(self.clock.now() - began)
            if self.clock.now() >= end:
                break
        return taken


def _burners(objective: "Objective", served: Between) -> AbstractSet[str]:
    """The agents with a bad event; where time is counted, all that were asked."""
    rungs = objective.signal == "degradation"
    metric = f"{names.RUNGS}_total" if rungs else f"{names.REQUEST_DURATION}_count"
    found = set()
    for (name, labels), count in served.after.items():
        said = dict(labels)
        bad = not rungs or said.get("rung") in ("L1", "L2", "L3", "L4")
        if name == metric and bad and names.AGENT in said and count > served.before.get((name, labels), 0):
            found.add(said[names.AGENT])
    return found


def _of(window: Between, agents: AbstractSet[str]) -> Between:
    """Of some agents only; of all where none is named."""

    def kept(totals: Totals) -> Totals:
        return {key: value for key, value in totals.items() if dict(key[1]).get(names.AGENT) in (None, *agents)}

    return replace(window, before=kept(window.before), after=kept(window.after)) if agents else window


def _burnt(objective: "Objective", bad: float, asked: float) -> bool:
    from mooring.rollout.objectives.burn import FAST, limit
    from mooring.rollout.objectives.signals import budget_of

    return asked > 0 and bad / asked >= limit(budget_of(objective) or 0.0, FAST)
