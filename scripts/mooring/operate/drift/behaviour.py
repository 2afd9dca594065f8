"""Behaviour: what runs is asked its suites again, and compared with the evidence that it went out on.

The configuration is the same on both sides, so an answer that is worse comes from behind an API: a model or a tool.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from mooring.evaluate.assertions.refusal import is_refusal
from mooring.evaluate.assertions.subject import Subject
from mooring.evaluate.cases import cases, suite_digest
from mooring.evaluate.gate import comparison as gate
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.inference import fisher
from mooring.evaluate.gate.live import CONFIRM_REPEATS
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.scoring import passed
from mooring.evaluate.smoke import AT_ONCE, Ask, Conversation, held, scores_of
from mooring.evaluate.values import Reply, Results, Trial
from mooring.spec.suite import APPROVE, Case, EvalSuite

OnTrial = Callable[[Trial], None]

ALPHA = 0.05
"""The share of looks in which more refusals are taken for drift although nothing changed."""


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
        """Whether answers are worse beyond chance and margin, or refuse more often."""
        return self.verdict.outcome == "fail" or self.refuses

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
            "complete": self.complete,
            "spent_usd": self.spent_usd,
        }


class Questions:
    """Asks a slot the cases of suites, within a budget in US dollars; `spent` is what that cost so far.

    What a case costs is expected from the evidence: one that would go beyond the budget is not asked.
    """

    def __init__(self, ask: Ask, suites: Mapping[str, EvalSuite], then: Results, budget: float) -> None:
        self._ask, self._suites, self._then, self._budget = ask, suites, then, budget
        self._expected = {key: fmean(trial.paid.total for trial in trials) for key, trials in _by_case(then).items()}
        self.spent = 0.0

    def ask(self, repeats: Mapping[CaseKey, int], on_trial: OnTrial, first: int = 0) -> Results:
        """The results; not complete when the budget ended them."""
        planned = [(key, first + number) for key, times in repeats.items() for number in range(times)]
        started, trials, complete = datetime.now(UTC).isoformat(timespec="seconds"), list[Trial](), True
        for batch in _batches(planned, AT_ONCE):
            if self.spent + sum(self._expected.get(key, 0.0) for key, _ in batch) > self._budget:
                complete = False
                break
            found = self._asked(batch)
            self.spent += sum(trial.paid.total for trial in found)
            for trial in found:
                on_trial(trial)
            trials += found
        suites = {name: suite_digest(suite) for name, suite in self._suites.items()}
        return replace(self._then, started=started, complete=complete, trials=tuple(trials), suites=suites, prompts={})

    def _asked(self, batch: Sequence[tuple[CaseKey, int]]) -> list[Trial]:
        planned = [(self._conversation(key), key, number) for key, number in batch]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            replies = list(pool.map(lambda one: self._timed(one[0]), planned))
        return [
            asyncio.run(self._judged(key, number, said, seconds, one.case))
            for (one, key, number), (said, seconds) in zip(planned, replies, strict=True)
        ]

    def _conversation(self, key: CaseKey) -> Conversation:
        suite = self._suites[key[0]]
        case = next(case for case in cases(suite) if case.id == key[1])
        return Conversation("/".join(key), suite.agent, case, time.monotonic() + suite.timeout_seconds)

    def _timed(self, one: Conversation) -> tuple[list[Reply], float]:
        started = time.monotonic()
        return held(one, self._ask), time.monotonic() - started

    async def _judged(self, key: CaseKey, number: int, replies: list[Reply], seconds: float, case: Case) -> Trial:
        scores = await scores_of(case, replies)
        broken = any(reply.error for reply in replies)
        verdict = None if broken else passed(case, scores)
        return Trial(*key, number, self._then.evidence, tuple(replies), scores, verdict, seconds)


def look(questions: Questions, then: Results, suites: Mapping[str, EvalSuite], on_trial: OnTrial) -> Behaviour:
    """Asks every case as often as the evidence did, suspects again, and compares."""
    wanted = set(askable(suites))
    repeats = {key: len(trials) for key, trials in _by_case(then).items() if key in wanted}
    before = replace(then, trials=tuple(trial for trial in then.trials if (trial.suite, trial.case) in repeats))
    now = questions.ask(repeats, on_trial)
    comparison = compare(before, now, suites, gate.Options(base_suites=suites, apart=True))

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


def askable(suites: Mapping[str, EvalSuite]) -> Iterator[CaseKey]:
    """Cases that a slot can be asked: those that need neither a judge nor a person's approval."""
    for name, suite in suites.items():
        for case in cases(suite) if suite.judge is None else ():
            if APPROVE not in case.vars:
                yield name, case.id


def as_asked_live(then: Results) -> Results:
    """Recorded answers count as what models said once: the same statistics hold."""
    if then.evidence != "recorded":
        return then
    return replace(then, evidence="live", trials=tuple(replace(trial, evidence="live") for trial in then.trials))


def _by_case(results: Results) -> dict[CaseKey, list[Trial]]:
    found: dict[CaseKey, list[Trial]] = {}
    for trial in results.trials:
        found.setdefault((trial.suite, trial.case), []).append(trial)
    return found


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


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
