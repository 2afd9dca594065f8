"""The table of kinds of checks, the only list of them. A module is imported when a document needs it."""

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
    """One thing that a check looks at. `name` is unique in an environment."""

    name: str
    kind: str
    check: Check
    look: Callable[[], Awaitable[Found]]


def dependencies(document: Patrol, surroundings: Surroundings) -> Iterator[Dependency]:
    """Everything that is looked at in an environment. A check of nothing is there too, and says so when it looks."""
    for check in document.of(surroundings.environment):
        module = import_module(f"mooring.operate.patrol.looks.{KINDS[check.kind]}")
        for part, look in module.looks(check, surroundings):
            yield Dependency(f"{check.name}/{part}" if part else check.name, check.kind, check, look)
