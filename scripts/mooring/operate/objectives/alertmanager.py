"""Alertmanager's configuration: who is told, by severity; keys stay in files on its machine.

https://prometheus.io/docs/alerting/latest/configuration/
"""

from typing import Any

from mooring.operate.objectives import signals
from mooring.operate.objectives.alerts import DOWN, UNSEEN
from mooring.operate.objectives.pace import HOUR, USUAL, Pace, duration
from mooring.operate.objectives.text import document
from mooring.spec import Objectives
from mooring.spec.objectives import Receiver

PAGE, TICKET = "page", "ticket"
REPEATED = {PAGE: 4 * HOUR, TICKET: 24 * HOUR}
"""Seconds after which somebody is told again of what goes on."""

TOGETHER = [signals.LABEL, "objective"]
"""Alerts on the same promise are told together."""


def alertmanager(environment: str, objectives: Objectives, pace: Pace = USUAL) -> str:
    """alertmanager.yaml."""
    return document(environment, data(objectives, pace))


def data(objectives: Objectives, pace: Pace = USUAL) -> dict[str, Any]:
    """The same as plain values."""
    told = objectives.receivers
    return {
        "route": {
            "receiver": TICKET,  # what is not ours is not lost
            "group_by": TOGETHER,
            "group_wait": duration(pace.group_wait),
            "group_interval": duration(pace.group_interval),
            "repeat_interval": duration(REPEATED[TICKET]),
            "routes": [
                {"matchers": [f'severity="{each}"'], "receiver": each, "repeat_interval": duration(REPEATED[each])}
                for each in (PAGE, TICKET)
            ],
        },
        "inhibit_rules": [
            # A page says what its ticket would.
            {
                "source_matchers": [f'severity="{PAGE}"'],
                "target_matchers": [f'severity="{TICKET}"'],
                "equal": TOGETHER,
            },
            # Whoever is down burns every budget.
            {
                "source_matchers": [f'alertname="{DOWN}"'],
                "target_matchers": [f'alertname!~"{DOWN}|{UNSEEN}"', 'objective!=""'],
                "equal": [signals.LABEL],
            },
        ],
        "receivers": [_receiver(PAGE, told.page), _receiver(TICKET, told.ticket)],
    }


def _receiver(name: str, ways: tuple[Receiver, ...]) -> dict[str, Any]:
    configs: dict[str, list[dict[str, Any]]] = {}
    for way in ways:
        kind, config = _way(way)
        configs.setdefault(kind, []).append(config)
    return {"name": name, **configs}


def _way(way: Receiver) -> tuple[str, dict[str, Any]]:
    """Everybody is told of the end too."""
    if way.webhook is not None:
        known: dict[str, Any] = {"url": way.webhook.url, "send_resolved": True}
        if way.webhook.token_file is not None:
            file = {"type": "Bearer", "credentials_file": _path(way.webhook.token_file)}
            known["http_config"] = {"authorization": file}
        return "webhook_configs", known
    if way.slack is not None:
        slack = {"channel": way.slack.channel, "api_url_file": _path(way.slack.url_file)}
        return "slack_configs", {**slack, "send_resolved": True}
    if way.pagerduty is not None:
        return "pagerduty_configs", {"routing_key_file": _path(way.pagerduty.routing_key_file), "send_resolved": True}
    raise ValueError("a receiver without a way")


def _path(reference: str) -> str:
    return reference.removeprefix("file:")
