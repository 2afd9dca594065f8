"""The questions of bench_evaluate with deepeval: answers fetched concurrently, then one metric that needs no model.

Runs with the interpreter that has deepeval: `with_deepeval.py CASES REPEATS CONCURRENCY`; $OPENAI_BASE_URL says where.
"""

import asyncio
import os
import sys

from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig, evaluate
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase
from openai import AsyncOpenAI


class Contains(BaseMetric):
    """Whether the answer has the word."""

    threshold = 1.0
    async_mode = True

    def measure(self, test_case, *args, **kwargs):
        self.score = float("order" in test_case.actual_output)
        self.success = self.score >= self.threshold
        return self.score

    async def a_measure(self, test_case, *args, **kwargs):
        return self.measure(test_case)

    def is_successful(self):
        return self.success


async def answers(cases, repeats, concurrency):
    client, gate = AsyncOpenAI(max_retries=0), asyncio.Semaphore(concurrency)

    async def ask(message):
        async with gate:
            told = await client.chat.completions.create(
                model="gpt-4.1-2025-04-14", messages=[{"role": "user", "content": message}]
            )
        return LLMTestCase(input=message, actual_output=told.choices[0].message.content)

    async with client:
        questions = [f"Where is order A-{1000 + n}?" for n in range(cases)] * repeats
        return await asyncio.gather(*map(ask, questions))


if __name__ == "__main__":
    cases, repeats, concurrency = map(int, sys.argv[1:])
    assert os.environ["OPENAI_BASE_URL"]
    metrics: list[BaseMetric] = [Contains()]
    evaluate(
        asyncio.run(answers(cases, repeats, concurrency)),
        metrics,
        async_config=AsyncConfig(max_concurrent=concurrency),
        cache_config=CacheConfig(write_cache=False),
        display_config=DisplayConfig(show_indicator=False, print_results=False),
    )
