"""A summary of a slot for `moor status`; cheap, because the supervisor asks five times a second."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mooring.runtime.runtime import Runtime


def summary(runtime: "Runtime") -> dict[str, Any]:
    """JSON-able. Asks nobody and waits for nothing."""
    content, health = runtime.release.content, runtime.health
    answered = _answered(runtime)
    agents = {
        agent.name: {
            "rungs": {rung: {"model": model} | _circuit(runtime, model, agent.resilience) for rung, model in rungs},
            "answered": answered.get(agent.name, {}),
            **runtime.observer.lately.data(agent.name),
        }
        for agent in content.agents.values()
        if (rungs := agent.models.names())
    }
    tools = runtime.agents.tool_circuits().items()
    return {
        "agents": agents,
        "tools": {tool: circuit.state for (tool, _), circuit in tools if circuit.state != "closed"},
        "canaries": health.behaviour(),
        "memory": {"ratio": runtime.memory.ratio, "limit_mib": runtime.memory.limit >> 20},
        "context_ratio": max(runtime.observer.context_ratios, default=0.0),
        "conversations": len(runtime.conversations.recent),
        "spend": [
            {"tenant": tenant, "agent": agent, "calls": spent.calls, "tokens": spent.tokens, "usd": spent.usd}
            for (tenant, agent), spent in sorted(runtime.spend.by_agent().items())
        ],
        "queue_depth": health.queue_depth,
        "loop_lag_seconds": round(health.lag.seconds(), 4),
    }


def _circuit(runtime: "Runtime", model: str, profile: str) -> dict[str, Any]:
    circuit = runtime.agents.circuits().get((model, profile))
    if circuit is None:
        return {"breaker": "closed", "opens_in": 0.0}
    return {"breaker": circuit.state, "opens_in": round(circuit.opens_in, 1)}


def _answered(runtime: "Runtime") -> dict[str, dict[str, int]]:
    """Runs by agent and rung, since the slot started."""
    counts: dict[str, dict[str, int]] = {}
    for sample in next(iter(runtime.metrics.rungs.collect())).samples:
        if sample.name.endswith("_total"):
            counts.setdefault(sample.labels["gen_ai_agent_name"], {})[sample.labels["rung"]] = int(sample.value)
    return counts
