"""The traces of a search: some it sees, and some it never does, which tell whether what it found is better."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from pathlib import Path

from mooring.drill.run import history_of
from mooring.drill.schedule import arrivals
from mooring.drill.trace import Outage, expand
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.spec import Drill, Resilience
from mooring.spec.drill import Question

LEAST, HELD_OUT = 3, 2
"""Drills that there must be, and how many of them the search does not see at all."""

ENOUGH, SEEDS = 200, 2
"""Questions of a trace, which more seeds give, and seeds at most."""

SAMPLE = 6
"""Incidents of a long trace that a search lives through; its proof lives through as many as the drill says."""

APART = 1000
"""Between the seeds that a search sees and those it does not."""


@dataclass(frozen=True)
class Trace:
    """A drill with the questions of the profile's agents, asked as often as there, once by each seed."""

    drill: Drill
    questions: tuple[Question, ...]
    seeds: tuple[int, ...]
    evals: Path

    @property
    def name(self) -> str:
        """The drill's."""
        return self.drill.name

    @cached_property
    def outages(self) -> tuple[tuple[Outage, ...], ...]:
        """By seed."""
        history = history_of(self.drill, self.evals)
        return tuple(expand(self.drill, seed, history) for seed in self.seeds)

    def at(self, seeds: Sequence[int]) -> "Trace":
        """The same drill by other seeds."""
        return replace(self, seeds=tuple(seeds))


@dataclass(frozen=True)
class Split:
    """What the search sees, and what it does not: whole drills in `unseen`, and other seeds of the others."""

    search: tuple[Trace, ...]
    held_out: tuple[Trace, ...]
    unseen: tuple[str, ...]


def split(drills: Mapping[str, Drill], content: ReleaseContent, profile: Resilience, seed: int, evals: Path) -> Split:
    """By a seed. Refused(EMPTY_SET) where there are too few drills that ask an agent of the profile."""
    every = [trace for drill in drills.values() if (trace := _trace(drill, content, profile, seed, evals))]
    if len(every) < LEAST:
        raise Refused(
            Reason.EMPTY_SET,
            f"{len(every)} of {len(drills)} drills ask an agent of profile {profile.name}, and a search needs {LEAST}:"
            f" it must not see {HELD_OUT} of them",
            "moor new drill NAME",
        )
    unseen = random.Random(f"{seed}/held-out").sample(sorted(trace.name for trace in every), HELD_OUT)  # noqa: S311
    return Split(
        search=tuple(_in_brief(trace) for trace in every if trace.name not in unseen),
        held_out=tuple(trace.at([each + APART for each in trace.seeds]) for trace in every),
        unseen=tuple(sorted(unseen)),
    )


def _in_brief(trace: Trace) -> Trace:
    sample = None if trace.drill.sample is None else min(trace.drill.sample, SAMPLE)
    return replace(trace, drill=trace.drill.model_copy(update={"sample": sample}))


def _trace(drill: Drill, content: ReleaseContent, profile: Resilience, seed: int, evals: Path) -> Trace | None:
    """None when it asks no agent of the profile. Those of others are left out, and their part of the load with them."""
    agents = {name for name, agent in content.agents.items() if agent.resilience == profile.name}
    probes = content.environment.rollout.probes
    asked = drill.questions or tuple(Question(agent=each.agent, say=each.say, expect=each.expect) for each in probes)
    known = [question for question in asked if question.agent in content.agents]
    questions = tuple(question for question in known if question.agent in agents)
    if not questions:
        return None
    part = sum(question.weight for question in questions) / sum(question.weight for question in known)
    drill = drill.model_copy(update={"per_minute": drill.per_minute * part})
    trace = Trace(drill, questions, (seed,), evals)
    (outages,) = trace.outages
    count = len(arrivals(drill, questions, outages, seed))
    return trace.at(range(seed, seed + min(SEEDS, ceil(ENOUGH / count)))) if count else None
