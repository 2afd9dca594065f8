"""The table of kinds of checks, the only list of them. A module is imported when a document needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from mooring.operate.patrol.seen import Found
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import Check, Patrol

KINDS = {
    "llm-echo": "llm_echo",
    "vector-query": "vector_query",
    "redis-ping": "redis_ping",
    "http": "http",
    "sql": "sql",
    "tcp": "tcp",
    "tls-expiry": "tls_expiry",
    "disk": "disk",
    "token-budget": "token_budget",
    "mcp-list": "mcp_list",
    "canary": "canary",
    "heartbeat": "heartbeat",
}
"""Modules of `looks` by kind."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that a check looks at. `name` is unique in an environment.

    Looks with the same `turns` wait for each other; their time begins when it is their turn.
    """

    name: str
    kind: str
    check: Check
    look: Callable[[], Awaitable[Found]]
    turns: asyncio.Semaphore | None = None


def dependencies(document: Patrol, surroundings: Surroundings) -> Iterator[Dependency]:
    """Everything that is looked at in an environment. A check of nothing is there too, and says so when it looks.

    A module of looks that has AT_ONCE makes only so many at the same time, those of all of its checks together.
    """
    turns: dict[str, asyncio.Semaphore] = {}
    for check in document.of(surroundings.environment):
        module = import_module(f"mooring.operate.patrol.looks.{KINDS[check.kind]}")
        if most := getattr(module, "AT_ONCE", None):
            turns.setdefault(check.kind, asyncio.Semaphore(most))
        for part, look in module.looks(check, surroundings):
            name = f"{check.name}/{part}" if part else check.name
            yield Dependency(name, check.kind, check, look, turns.get(check.kind))
