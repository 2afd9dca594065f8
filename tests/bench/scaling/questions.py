"""What is asked: the cases of the example's suites, each message a request, as a client of the shop sends them."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx2

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.evaluate.cases import cases, turns
from mooring.spec import EvalSuite
from tests.bench.scaling.served import ROOT

_NUMBER = itertools.count()


@dataclass(frozen=True)
class Talk:
    """The messages of a case, and the agent that they are for."""

    agent: str
    messages: tuple[str, ...]


def talks() -> list[Talk]:
    """One for each case of each suite."""
    suites = load_valid(WorkTree(ROOT)).all(EvalSuite).values()
    return [Talk(suite.agent, tuple(turn.message for turn in turns(case))) for suite in suites for case in cases(suite)]


def requests(asked: Sequence[Talk]) -> int:
    """Each message is one."""
    return sum(len(talk.messages) for talk in asked)


def ask(url: str, asked: Sequence[Talk], at_once: int) -> None:
    """All of them, so many at once. Raises ValueError unless the first rung answered each.

    Cases of one message keep no conversation; those of several name one, which is new each time.
    """
    asyncio.run(_ask(url, asked, at_once))


async def _ask(url: str, asked: Sequence[Talk], at_once: int) -> None:
    left = iter(asked)
    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx2.AsyncClient(timeout=120, limits=limits) as client:
        await asyncio.gather(*(_client(client, url, left) for _ in range(at_once)))


async def _client(client: httpx2.AsyncClient, url: str, left: Iterator[Talk]) -> None:
    for talk in left:
        more = {"metadata": {"conversation": f"scale-{next(_NUMBER)}"}} if len(talk.messages) > 1 else {}
        for message in talk.messages:
            body = {"model": talk.agent, "messages": [{"role": "user", "content": message}], **more}
            answer = await client.post(url, json=body)
            if answer.status_code != 200 or answer.headers.get("x-mooring-rung") != "L0":
                raise ValueError(f"{answer.status_code} {answer.headers.get('x-mooring-rung')}: {answer.text[:300]}")
