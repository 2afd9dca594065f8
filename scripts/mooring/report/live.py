"""The current health of a slot, for people."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from mooring.spec.endpoints import SIMULATED

COLUMNS = ("AGENT", "RUNG", "MODEL", "BREAKER", "ANSWERED")
PREPARED = {"L3": "prepared answer", "L4": "apology and ticket"}
NOBODY: Mapping[str, str] = MappingProxyType({})


def rows(runtime: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row per agent and rung."""
    return [row for agent, data in runtime["agents"].items() for row in _ladder(agent, data)]


def notes(slot: str, runtime: Mapping[str, Any]) -> Iterator[str]:
    """Facts that fit no table, one line each."""
    memory = runtime["memory"]
    yield (
        f"{slot}: memory {memory['ratio']:.0%} of {memory['limit_mib']} MiB, context {runtime['context_ratio']:.0%}"
        f" at most, {runtime['conversations']} conversations, {_tickets(runtime['queue_depth'])},"
        f" loop {runtime['loop_lag_seconds'] * 1000:.0f} ms late"
    )
    for agent, canary in runtime["canaries"].items():
        yield f"canary {agent}: {_canary(canary)}"
    for tool, state in runtime["tools"].items():
        yield f"tool {tool}: breaker {state}"


SPEND_COLUMNS = ("TENANT", "AGENT", "CALLS TODAY", "TOKENS", "USD")


def spend(runtime: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row per tenant and agent: what it cost since midnight UTC. Without a tenant: the server's own questions."""
    return [
        (each["tenant"], each["agent"], f"{each['calls']:,}", f"{each['tokens']:,}", f"{each['usd']:.4f}")
        for each in runtime.get("spend", ())
    ]


def simulated(what: Mapping[str, Any], endpoints: Mapping[str, str] = NOBODY) -> str:
    """What the simulator plays of an environment, or ""; by provider where it does not play all models."""
    services = f"{'service' if len(what['services']) == 1 else 'services'} {', '.join(what['services'])}"
    some = "" if what["models"] else ", ".join(name for name, at in endpoints.items() if at == SIMULATED)
    models = f"models of {some}" if some else "models" * what["models"]
    played = [*filter(None, (models,)), *[services] * bool(what["services"])]
    real = f", real models of {', '.join(name for name, at in endpoints.items() if at != SIMULATED)}" if some else ""
    return f"simulated {' and '.join(played)}{real}" if played else ""


def _tickets(count: int | None) -> str:
    return "tickets unknown" if count is None else f"{count} open tickets"


def _ladder(agent: str, data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for rung, at in data["rungs"].items():
        yield agent, rung, at["model"], _breaker(at), _count(data, rung)
    for rung, what in PREPARED.items():
        yield agent, rung, what, "", _count(data, rung)


def _breaker(at: Mapping[str, Any]) -> str:
    return f"open for {at['opens_in']:.0f} s" if at["breaker"] == "open" else str(at["breaker"])


def _count(data: Mapping[str, Any], rung: str) -> str:
    return f"{data['answered'].get(rung, 0):,}"


def _canary(canary: Mapping[str, Any]) -> str:
    if canary["ok"]:
        return canary["detail"] or f"healthy, asked {canary['age']} s ago"
    return f"ill: {canary['detail']}"
