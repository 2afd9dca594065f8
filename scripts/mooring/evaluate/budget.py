"""What a run will cost, before it is begun, and what it has cost."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from mooring.evaluate.cases import assertions, turns
from mooring.evaluate.job import CaseKey
from mooring.evaluate.values import Cost, Results
from mooring.release.content import ReleaseContent
from mooring.spec.assertions import asks_a_judge
from mooring.spec.model import Prices
from mooring.spec.suite import Assertion, Case
from mooring.tokens import at_most

ANSWER_TOKENS = 200
"""Tokens of one answer, where nothing is known of earlier ones."""

CALLS = 2
"""Model calls of one answer of an agent that has tools: one that calls, one that tells."""

QUESTIONS = {"llm-rubric": 1, "factuality": 1, "closed-qa": 1, "faithfulness": 4}
"""Calls of the judge for one assertion of a type."""

OTHER_QUESTIONS = 3
"""The same for any other type, as most metrics of deepeval ask: the claims, which of them hold, and why."""

QUESTION_TOKENS = 300
"""Tokens of what deepeval writes around what is judged."""

VERDICT_TOKENS = 80


def seen(results: Results) -> dict[CaseKey, Cost]:
    """What each case cost in an earlier run, by the mean of its repeats."""
    costs: dict[CaseKey, list[Cost]] = {}
    for trial in results.trials:
        costs.setdefault((trial.suite, trial.case), []).append(trial.cost)
    return {key: sum(found, Cost()) * (1 / len(found)) for key, found in costs.items()}


@dataclass(frozen=True)
class Sent:
    """What every call of an agent's model costs: its prices, tokens of prompt and tools, calls an answer.

    The model is the primary one, or that of the rung asked for.
    """

    prices: Prices
    tokens: float
    calls: int

    @classmethod
    def by(cls, content: ReleaseContent, agent: str, rung: str | None = None) -> Self:
        document = content.agents[agent]
        rung = rung or document.models.names()[0][0]
        tools = document.tools_of(rung)
        texts = [message.content for message in content.prompts[document.prompt_of(rung)].messages]
        texts += [json.dumps(content.tools[tool].input_schema, ensure_ascii=False) for tool in tools]
        prices = content.models[dict(document.models.names())[rung]].prices
        return cls(prices, sum(map(at_most, texts)), CALLS if tools else 1)


def guess(sent: Sent, case: Case, judge: Prices | None) -> Cost:
    """One trial, by the prices of the primary model and of the `judge`, and the length of what they are sent."""
    return Cost(_answers(sent, case), _judging(judge, case) if judge else 0.0)


def _answers(sent: Sent, case: Case) -> float:
    asked, total = 0.0, 0.0
    for turn in turns(case):
        asked += at_most(turn.message)
        total += sent.calls * sent.prices.cost(sent.tokens + asked, ANSWER_TOKENS)
        asked += ANSWER_TOKENS
    return total


def _judging(prices: Prices, case: Case) -> float:
    said = sum(at_most(turn.message) + ANSWER_TOKENS for turn in turns(case))
    return sum(question(prices, assertion, said) for assertion in assertions(case) if asks_a_judge(assertion))


def question(prices: Prices, assertion: Assertion, tokens: float) -> float:
    """US dollars of asking a judge what it thinks of a conversation of so many tokens."""
    tokens += QUESTION_TOKENS + at_most(json.dumps(assertion.value, default=str, ensure_ascii=False))
    return QUESTIONS.get(assertion.type, OTHER_QUESTIONS) * prices.cost(tokens, VERDICT_TOKENS)


def estimate(costs: Mapping[CaseKey, Cost], repeats: Iterable[tuple[CaseKey, int]]) -> Cost:
    """A whole run."""
    return sum((costs[key] * times for key, times in repeats), Cost())


def spent(results: Results) -> Cost:
    """What was paid: models that were not really asked cost nothing."""
    return sum((trial.paid for trial in results.trials), Cost())
