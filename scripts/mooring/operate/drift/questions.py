"""Asks a running slot the cases of suites, as an evaluation does, within a budget."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from mooring.evaluate.cases import cases, suite_digest
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.scoring import passed
from mooring.evaluate.smoke import AT_ONCE, Ask, Conversation, held, scores_of
from mooring.evaluate.values import Reply, Results, Trial
from mooring.spec.suite import APPROVE, Case, EvalSuite

OnTrial = Callable[[Trial], None]


class Questions:
    """Asks a slot the cases of suites, within a budget in US dollars; `spent` is what that cost so far.

    What a case costs is expected from the evidence: one that would go beyond the budget is not asked.
    """

    def __init__(self, ask: Ask, suites: Mapping[str, EvalSuite], then: Results, budget: float) -> None:
        self._ask, self._suites, self._then, self._budget = ask, suites, then, budget
        self._expected = {key: fmean(trial.paid.total for trial in trials) for key, trials in by_case(then).items()}
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


def askable(suites: Mapping[str, EvalSuite]) -> Iterator[CaseKey]:
    """Cases that a slot can be asked: those that need neither a judge nor a person's approval."""
    for name, suite in suites.items():
        for case in cases(suite) if suite.judge is None else ():
            if APPROVE not in case.vars:
                yield name, case.id


def by_case(results: Results) -> dict[CaseKey, list[Trial]]:
    """Trials by suite and case."""
    found: dict[CaseKey, list[Trial]] = {}
    for trial in results.trials:
        found.setdefault((trial.suite, trial.case), []).append(trial)
    return found


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
