"""What a run will cost, before it is begun."""

import json
from collections.abc import Iterable, Mapping

from mooring.evaluate.cases import turns
from mooring.evaluate.job import CaseKey
from mooring.evaluate.values import Results
from mooring.release.content import ReleaseContent
from mooring.spec.suite import Case

CHARACTERS_PER_TOKEN = 4
ANSWER_TOKENS = 200
"""Tokens of one answer, where nothing is known of earlier ones."""

CALLS = 2
"""Model calls of one answer of an agent that has tools: one that calls, one that tells."""


def seen(results: Results) -> dict[CaseKey, float]:
    """US dollars that each case cost in an earlier run, by the mean of its repeats."""
    costs: dict[CaseKey, list[float]] = {}
    for trial in results.trials:
        costs.setdefault((trial.suite, trial.case), []).append(sum(reply.cost_usd for reply in trial.replies))
    return {key: sum(found) / len(found) for key, found in costs.items()}


def guess(content: ReleaseContent, agent: str, case: Case) -> float:
    """US dollars of one trial by the primary model's prices and the length of what it is sent."""
    document = content.agents[agent]
    prices = content.models[document.models.primary].prices
    prompt = sum(len(message.content) for message in content.prompts[document.prompt].messages)
    tools = sum(len(json.dumps(content.tools[tool].input_schema)) for tool in document.tools)
    asked, calls, total = 0.0, CALLS if document.tools else 1, 0.0
    for turn in turns(case):
        asked += len(turn.message) / CHARACTERS_PER_TOKEN
        tokens = (prompt + tools) / CHARACTERS_PER_TOKEN + asked
        total += calls * (tokens * prices.input_per_million + ANSWER_TOKENS * prices.output_per_million) / 1e6
        asked += ANSWER_TOKENS
    return total


def estimate(costs: Mapping[CaseKey, float], repeats: Iterable[tuple[CaseKey, int]]) -> float:
    """US dollars of a whole run."""
    return sum(costs[key] * times for key, times in repeats)
