"""The rules of one environment, as Prometheus loads them: recording rules, then the alerts made of them.

Plain PromQL and YAML that Prometheus 2.42, the one of Debian 12, reads.
https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
"""

from typing import Any

from mooring.operate.objectives.alerts import Alert, alerts
from mooring.operate.objectives.pace import USUAL, Pace, duration
from mooring.operate.objectives.recorded import Record, budget, records
from mooring.operate.objectives.text import document
from mooring.spec import Objectives

SLOW = 300
"""Seconds from one look at error budgets to the next: a month of samples is read for each."""


def rules(environment: str, objectives: Objectives, pace: Pace = USUAL) -> str:
    """rules.yaml."""
    return document(environment, data(environment, objectives, pace))


def data(environment: str, objectives: Objectives, pace: Pace = USUAL) -> dict[str, Any]:
    """The same as plain values."""
    groups = [
        {
            "name": f"mooring-{environment}-{objective.name}",
            "rules": [
                *(_recording(one) for one in records(environment, objective, pace)),
                *(_alerting(one) for one in alerts(environment, objective, pace)),
            ],
        }
        for objective in objectives.objectives
    ]
    left = [one for objective in objectives.objectives for one in budget(environment, objective, pace)]
    if left:
        name, every = f"mooring-{environment}-budgets", duration(min(SLOW, pace.calm))
        groups.append({"name": name, "interval": every, "rules": [_recording(one) for one in left]})
    return {"groups": groups}


def _recording(one: Record) -> dict[str, Any]:
    return {"record": one.name, "expr": one.expr, "labels": one.labels}


def _alerting(one: Alert) -> dict[str, Any]:
    waits = {"for": duration(one.wait)} if one.wait else {}
    return {
        "alert": one.name,
        "expr": one.expr,
        **waits,
        "keep_firing_for": duration(one.calm),
        "labels": {**one.labels, "severity": one.severity},
        "annotations": {"summary": one.summary, "description": one.description},
    }
