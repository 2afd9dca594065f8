"""Silences and alerts of an environment in an Alertmanager, by its API v2.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.errors import Failed
from mooring.operate.objectives import signals
from mooring.operate.objectives.server import Asking
from mooring.outcome import Reason
from mooring.spec.objectives import Server
from mooring.timestamps import iso, seconds


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert as Alertmanager has it. `since` is Unix time; `silenced` says whether somebody is told."""

    name: str
    severity: str
    summary: str
    since: float
    silenced: bool


@dataclass
class Alertmanager:
    """One that has alerts of an environment, which the label `environment` names. All raises Failed(PROCESS)."""

    server: Asking
    environment: str

    @classmethod
    def of(cls, server: Server, environment: str, environ: Mapping[str, str]) -> "Alertmanager":
        return cls(Asking.of(server, environ), environment)

    def silence(self, start: float, end: float, by: str, comment: str) -> str:
        """Silences all alerts of the environment; the id of the silence, which ends by itself."""
        matcher = {"name": signals.LABEL, "value": self.environment, "isRegex": False, "isEqual": True}
        body = {"matchers": [matcher], "startsAt": iso(start), "endsAt": iso(end), "createdBy": by, "comment": comment}
        told = self.server.json("POST", "/api/v2/silences", body)
        try:
            return str(told["silenceID"])
        except (TypeError, KeyError):
            raise self._strange() from None

    def end(self, silence: str) -> None:
        """Ends a silence at once."""
        self.server.json("DELETE", f"/api/v2/silence/{silence}")

    def firing(self) -> list[Firing]:
        """The alerts that are not over, the oldest first."""
        found = self.server.json("GET", "/api/v2/alerts", query={"filter": f'{signals.LABEL}="{self.environment}"'})
        try:
            return sorted((_firing(one) for one in found), key=lambda alert: (alert.since, alert.name))
        except (TypeError, KeyError, ValueError, AttributeError):
            raise self._strange() from None

    def _strange(self) -> Failed:
        return Failed(Reason.PROCESS, f"{self.server.url} does not answer as Alertmanager does")


def _firing(one: Mapping[str, Any]) -> Firing:
    labels = one["labels"]
    return Firing(
        str(labels["alertname"]),
        str(labels.get("severity", "")),
        str(one["annotations"].get("summary", "")),
        seconds(str(one["startsAt"])),
        one["status"]["state"] == "suppressed",
    )
