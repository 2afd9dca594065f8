"""What is lost where one rung answers instead of the whole ladder: the same cases, asked of both, in pairs."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mooring.evaluate.gate.tally import CaseKey, Tally, tallies
from mooring.evaluate.values import Results, Trial
from mooring.release.content import ReleaseContent
from mooring.spec.suite import EvalSuite

LADDER = "ladder"
"""The side that is asked as ever."""


@dataclass(frozen=True)
class Figures:
    """One side of one agent's cases. Means are of cases that both sides judged; None where nothing is known.

    `score` is 0..1, `cost_usd` and `latency_seconds` are of a case. Latency is known of live evidence alone.
    """

    passed: int
    score: float | None
    cost_usd: float | None
    latency_seconds: float | None


@dataclass(frozen=True)
class Metric:
    """The mean score of one metric, 0..1, over the cases that have it on both sides."""

    name: str
    ladder: float
    rung: float


@dataclass(frozen=True)
class Loss:
    """One agent. `lost` are cases that only the ladder passes, `gained` those that only the rung does.

    `critical` are those of `lost` on which a suite allows no failure; `unjudged` could not be judged on one of the
    sides. A case passes a side when more than half of its repeats do. `broken` are policies, such as `no-secret`, that
    the rung breaks and the ladder keeps: `suite/case: policy`.
    """

    agent: str
    rung: str
    model: str
    prompt: str
    tools: tuple[str, ...]
    judged: int
    ladder: Figures
    pinned: Figures
    metrics: tuple[Metric, ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    critical: tuple[str, ...]
    unjudged: tuple[str, ...]
    broken: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def losses(
    content: ReleaseContent, rung: str, suites: Mapping[str, EvalSuite], ladder: Results, pinned: Results
) -> list[Loss]:
    """By agent, of those whose suites were asked."""
    agents = sorted({suites[trial.suite].agent for trial in ladder.trials})
    return [_loss(content, rung, agent, suites, ladder, pinned) for agent in agents]


def _loss(
    content: ReleaseContent,
    rung: str,
    agent: str,
    suites: Mapping[str, EvalSuite],
    ladder: Results,
    pinned: Results,
) -> Loss:
    both = [_of(tallies(side), suites, agent) for side in (ladder, pinned)]
    keys = sorted(both[0].keys() | both[1].keys())
    judged = [key for key in keys if all(key in side and side[key].judged for side in both)]
    passed = [{key for key in judged if 2 * len(side[key].passed) > side[key].judged} for side in both]
    lost, gained = sorted(passed[0] - passed[1]), sorted(passed[1] - passed[0])
    critical = {(name, case.id) for name, suite in suites.items() for case in suite.tests if case.critical}
    document = content.agents[agent]
    figures = [
        _figures(side, judged, len(good), scores)
        for side, good, scores in zip(both, passed, (_scored(each, judged) for each in (ladder, pinned)), strict=True)
    ]
    return Loss(
        agent=agent,
        rung=rung,
        model=dict(document.models.names())[rung],
        prompt=document.prompt_of(rung),
        tools=document.tools_of(rung),
        judged=len(judged),
        ladder=figures[0],
        pinned=figures[1],
        metrics=tuple(_metrics(ladder, pinned, judged)),
        lost=_names(lost),
        gained=_names(gained),
        critical=_names(key for key in lost if key in critical),
        unjudged=_names(key for key in keys if key not in judged),
        broken=tuple(_broken(*both)),
    )


def _of(found: Mapping[CaseKey, Tally], suites: Mapping[str, EvalSuite], agent: str) -> dict[CaseKey, Tally]:
    return {key: tally for key, tally in found.items() if suites[key[0]].agent == agent}


def _broken(ladder: Mapping[CaseKey, Tally], pinned: Mapping[CaseKey, Tally]) -> Iterator[str]:
    for key, tally in pinned.items():
        kept = ladder[key].violations if key in ladder else ()
        yield from (f"{'/'.join(key)}: {policy}" for policy in tally.violations if policy not in kept)


def _names(keys: Iterable[CaseKey]) -> tuple[str, ...]:
    return tuple(f"{suite}/{case}" for suite, case in keys)


def _figures(
    side: Mapping[CaseKey, Tally], judged: Sequence[CaseKey], passed: int, scores: Mapping[CaseKey, float]
) -> Figures:
    known = [side[key] for key in judged]
    return Figures(
        passed,
        _mean(scores.values()),
        _mean(tally.cost_usd for tally in known),
        _mean(tally.latency_seconds for tally in known),
    )


def _scored(results: Results, judged: Sequence[CaseKey]) -> dict[CaseKey, float]:
    """The mean score of each case, its assertions by weight."""
    found: dict[CaseKey, list[float]] = {}
    for trial in results.trials:
        weights = sum(score.weight for score in trial.scores)
        if (trial.suite, trial.case) in judged and trial.passed is not None and weights:
            score = sum(score.score * score.weight for score in trial.scores) / weights
            found.setdefault((trial.suite, trial.case), []).append(score)
    return {key: math.fsum(values) / len(values) for key, values in found.items()}


def _metrics(ladder: Results, pinned: Results, judged: Sequence[CaseKey]) -> Iterator[Metric]:
    before, after = _by_metric(ladder.trials, judged), _by_metric(pinned.trials, judged)
    for name in sorted({name for name, _ in before.keys() & after.keys()}):
        pairs = [(before[key], after[key]) for key in before.keys() & after.keys() if key[0] == name]
        yield Metric(name, *(math.fsum(each) / len(pairs) for each in zip(*pairs, strict=True)))


def _by_metric(trials: Iterable[Trial], judged: Sequence[CaseKey]) -> dict[tuple[str, CaseKey], float]:
    found: dict[tuple[str, CaseKey], list[float]] = {}
    for trial in trials:
        for score in trial.scores:
            if (trial.suite, trial.case) in judged and not score.error and score.metric:
                found.setdefault((score.metric, (trial.suite, trial.case)), []).append(score.score)
    return {key: math.fsum(values) / len(values) for key, values in found.items()}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
