"""The objectives that tests render: every signal, and a ratio of metrics."""

from typing import Any

from mooring.spec import Objectives
from mooring.spec.objectives import Objective

ENVIRONMENT = "production"

PROMISES: list[dict[str, Any]] = [
    {"name": "uptime", "signal": "uptime", "atLeast": 0.995},
    {"name": "mean", "signal": "mean-seconds", "atMost": 5, "window": "1h", "severity": "ticket"},
    {"name": "p99", "signal": "p99-seconds", "atMost": 30, "window": "1h"},
    {"name": "retries", "signal": "retry-success", "atLeast": 0.9, "window": "1d", "severity": "ticket"},
    {"name": "degradation", "signal": "degradation", "atMost": 0.01, "window": "1d"},
    {"name": "memory", "signal": "memory", "atMost": 0.8, "window": "15m", "severity": "ticket"},
    {"name": "context", "signal": "context", "atMost": 0.85, "window": "1d", "severity": "ticket"},
    {
        "name": "tool-errors",
        "ratio": {
            "bad": {"metric": "mooring_tool_calls_total", "labels": {"outcome": "failed"}},
            "total": {"metric": "mooring_tool_calls_total"},
        },
        "atMost": 0.05,
        "window": "7d",
    },
]


def document(*promises: dict[str, Any], **more: Any) -> Objectives:
    """An Objectives document, by default with all of PROMISES."""
    return Objectives.model_validate(
        {
            "apiVersion": "mooring/v1",
            "kind": "Objectives",
            "name": "objectives",
            "version": "1.0.0",
            "description": "What is promised.",
            "owner": "@acme/platform",
            "objectives": promises or PROMISES,
            **more,
        }
    )


def objective(name: str) -> Objective:
    """One of PROMISES."""
    return next(one for one in document().objectives if one.name == name)
