"""The LiteLLM Router as its documentation shows it, under the same load: run by its own Python, needs nothing of ours.

Reads `CLIENTS SECONDS` from standard input, line by line, and answers each with `ANSWERED FAILED SECONDS`.
Source: https://docs.litellm.ai/docs/routing, "Fallbacks".
"""

import asyncio
import sys
import time

from litellm import Router  # type: ignore[import-not-found] # a rival, in an environment of its own

QUESTION = [
    {"role": "system", "content": "You serve Tidewater."},
    {"role": "user", "content": "Customer: Where is my order A-1001?"},
]


def router(url: str) -> Router:
    """Two vendors with everything else as it comes."""
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{name}-1", "api_base": f"{url}/v1", "api_key": "none"},
        }
        for name in ("primary", "alternate")
    ]
    return Router(model_list=models, fallbacks=[{"primary": ["alternate"]}])


async def main(url: str) -> None:
    """Until standard input ends."""
    asked = router(url)
    while line := await asyncio.to_thread(sys.stdin.readline):
        clients, seconds = line.split()
        counts = [0, 0]
        started = time.perf_counter()

        async def client(end: float, counts: list[int] = counts) -> None:
            while time.perf_counter() < end:
                try:
                    await asked.acompletion(model="primary", messages=QUESTION)
                    counts[0] += 1
                except Exception:  # noqa: BLE001 - counted, whatever it is
                    counts[1] += 1

        await asyncio.gather(*(client(started + float(seconds)) for _ in range(int(clients))))
        print(*counts, time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
