"""The facts of a slot, made of those of its workers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WORST = ("closed", "half-open", "open")
"""States of a breaker."""


def together(each: Sequence[Mapping[str, Any]], count: int) -> dict[str, Any]:
    """JSON-able. Of the first `count` workers; what others counted counts too, for they may have requests in flight.

    Ready means that every worker is ready with one release. What a slot shares, such as open tickets, is not added up.
    """
    members = [one for one in each[:count] or each if count or one["pid"]]
    digests = {one["digest"] for one in members if one["digest"]}
    ready = bool(members) and len(digests) == 1 and all(one["ready"] for one in members)
    return {
        "digest": next((one["digest"] for one in members if one["digest"]), None),
        "pid": next((one["pid"] for one in members if one["pid"]), None),
        "ready": ready,
        "reasons": [] if ready else _reasons(members),
        "accepting": any(one["accepting"] for one in members),
        "rss": sum(one["rss"] or 0 for one in each),
        "connections": sum(one["connections"] or 0 for one in each),
        "totals": _summed(one["totals"] for one in each),
        "in_flight": sum(one["in_flight"] for one in each),
        "restarts": sum(one["restarts"] for one in members),
        "spare": next((one["spare"] for one in each if one["spare"]), None),
        "runtime": _runtime([one["runtime"] for one in members if one["runtime"]]),
        "workers": [_worker(one) for one in members],
    }


def _worker(one: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: one[name] for name in ("number", "pid", "ready", "accepting", "in_flight", "restarts")}
    return known | {"rss": one["rss"] or 0}


def _reasons(members: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each once; with the worker's number where only some have it."""
    reasons: dict[str, list[int]] = {}
    for one in members:
        for reason in one["reasons"]:
            reasons.setdefault(reason, []).append(one["number"])
    return [
        reason if len(numbers) == len(members) else f"worker {', '.join(map(str, numbers))}: {reason}"
        for reason, numbers in reasons.items()
    ]


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def _runtime(each: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What the workers say of themselves: runs and conversations added up, of the rest the worst."""
    if len(each) < 2:
        return dict(each[0]) if each else None
    first = each[0]
    return {
        **first,
        "agents": {name: _agent([one["agents"][name] for one in each]) for name in first["agents"]},
        "tools": {tool: state for one in each for tool, state in one["tools"].items()},
        "memory": max((one["memory"] for one in each), key=lambda memory: memory["ratio"]),
        "context_ratio": max(one["context_ratio"] for one in each),
        "conversations": sum(one["conversations"] for one in each),
        "queue_depth": next((one["queue_depth"] for one in each if one["queue_depth"] is not None), None),
        "loop_lag_seconds": max(one["loop_lag_seconds"] for one in each),
    }


def _agent(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Canaries are the first worker's alone."""
    rungs = {
        rung: max((one["rungs"][rung] for one in each), key=lambda at: WORST.index(at["breaker"]))
        for rung in each[0]["rungs"]
    }
    errors = [one["last_error"] for one in each if one.get("last_error")]
    return {
        "rungs": rungs,
        "answered": _summed(one["answered"] for one in each),
        "in_flight": sum(one.get("in_flight", 0) for one in each),
        "lately": _summed(one.get("lately", {}) for one in each),
        "last_error": max(errors, key=lambda error: error["at"], default=None),
    }
