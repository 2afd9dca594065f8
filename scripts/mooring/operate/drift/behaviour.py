"""Behaviour: what runs is asked its suites again, and compared with the evidence that it went out on.

The configuration is the same on both sides, so an answer that is worse comes from behind an API: a model or a tool.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from mooring.evaluate.assertions.refusal import is_refusal
from mooring.evaluate.assertions.subject import Subject
from mooring.evaluate.gate import comparison as gate
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.inference import fisher
from mooring.evaluate.gate.live import CONFIRM_REPEATS
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.values import Results, Trial
from mooring.operate.drift.questions import OnTrial, Questions, askable, by_case
from mooring.spec.suite import EvalSuite

ALPHA = 0.05
"""The share of looks in which more refusals are taken for drift although nothing changed."""

SLOWER = 2.0
NOTICED_SECONDS = 2.0
"""An answer takes far longer from twice the seconds on, and from so many more."""


@dataclass(frozen=True)
class Figures:
    """Sums over the cases that both sides answered: rates are 0..1, cost in US dollars, latency in seconds."""

    trials: int
    pass_rate: float
    refusals: float
    cost_usd: float
    latency_seconds: float | None

    def data(self) -> dict[str, Any]:
        return vars(self).copy()


@dataclass(frozen=True)
class Behaviour:
    """`models` are (then, now): what providers called the models that answered. `worse` are cases that fell."""

    verdict: Verdict
    then: Figures
    now: Figures
    models: tuple[tuple[str, ...], tuple[str, ...]]
    worse: tuple[str, ...]
    refusals_p: float
    complete: bool
    spent_usd: float

    @property
    def drifted(self) -> bool:
        """Whether answers are worse beyond chance and margin, refuse more often, or take far longer."""
        return self.verdict.outcome == "fail" or self.refuses or self.slower

    @property
    def slower(self) -> bool:
        """Whether answers take far longer. The hour differs, so that less than that says little about the model."""
        then, now = self.then.latency_seconds, self.now.latency_seconds
        return then is not None and now is not None and now >= SLOWER * then and now - then >= NOTICED_SECONDS

    @property
    def refuses(self) -> bool:
        return self.refusals_p <= ALPHA and self.now.refusals > self.then.refusals

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "drifted": self.drifted,
            "verdict": self.verdict.data(),
            "then": self.then.data(),
            "now": self.now.data(),
            "models": {"then": list(self.models[0]), "now": list(self.models[1])},
            "worse": list(self.worse),
            "refuses_more": self.refuses,
            "slower": self.slower,
            "complete": self.complete,
            "spent_usd": self.spent_usd,
        }


def look(questions: Questions, then: Results, suites: Mapping[str, EvalSuite], on_trial: OnTrial) -> Behaviour:
    """Asks every case as often as the evidence did, suspects again, and compares."""
    wanted = set(askable(suites))
    repeats = {key: len(trials) for key, trials in by_case(then).items() if key in wanted}
    before = replace(then, trials=tuple(trial for trial in then.trials if (trial.suite, trial.case) in repeats))
    now = questions.ask(repeats, on_trial)
    comparison = compare(before, now, suites, gate.Options(base_suites=suites))

    def again(suspects: Sequence[CaseKey]) -> tuple[Results, Results]:
        return before, questions.ask(dict.fromkeys(suspects, CONFIRM_REPEATS), on_trial, first=max(repeats.values()))

    verdict = decide(comparison, again)
    worse = tuple(pair.name for pair in comparison.pairs if pair.state == "worse")
    asked = {(trial.suite, trial.case) for trial in now.trials}
    both = [[trial for trial in side.trials if (trial.suite, trial.case) in asked] for side in (before, now)]
    counts = [(sum(not _refused(trial) for trial in side), sum(map(_refused, side))) for side in both]
    p = fisher(*counts[0], *counts[1]) if all(both) else 1.0
    models = tuple(_models(side) for side in both)
    return Behaviour(
        verdict,
        _figures(both[0]),
        _figures(both[1]),
        (models[0], models[1]),
        worse,
        p,
        now.complete,
        round(questions.spent, 6),
    )


def as_asked_live(then: Results) -> Results:
    """Recorded answers count as what models said once: the same statistics hold."""
    if then.evidence != "recorded":
        return then
    return replace(then, evidence="live", trials=tuple(replace(trial, evidence="live") for trial in then.trials))


def _refused(trial: Trial) -> bool:
    """Whether the last answer refuses, be that right or wrong: the same questions were asked on both sides."""
    return bool(trial.replies) and is_refusal(Subject(("",), trial.replies[-1:]), None, None).passed


def _models(trials: Sequence[Trial]) -> tuple[str, ...]:
    """What providers called their models, the most frequent first."""
    said = Counter(model for trial in trials for reply in trial.replies for model in reply.models)
    return tuple(model for model, _ in said.most_common())


def _figures(trials: Sequence[Trial]) -> Figures:
    judged = [trial.passed for trial in trials if trial.passed is not None]
    seconds = [
        reply.latency_seconds for trial in trials for reply in trial.replies if reply.latency_seconds is not None
    ]
    return Figures(
        trials=len(trials),
        pass_rate=judged.count(True) / len(judged) if judged else 0.0,
        refusals=sum(map(_refused, trials)) / len(trials) if trials else 0.0,
        cost_usd=fmean(trial.cost.total for trial in trials) if trials else 0.0,
        latency_seconds=fmean(seconds) if seconds else None,
    )
