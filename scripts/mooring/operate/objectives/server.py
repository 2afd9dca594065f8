"""Asks a Prometheus what it knows, and tells it or an Alertmanager to read its files again.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed
from mooring.operate.objectives import signals
from mooring.operate.objectives.pace import duration
from mooring.operate.patrol.reasons import reason
from mooring.outcome import Reason
from mooring.spec.objectives import Server

if TYPE_CHECKING:
    import httpx2

ANSWER = 10.0
"""Seconds that a server has for one answer."""


@dataclass
class Asking:
    """A server, reached over HTTP. Its token is never shown. Everything raises Failed(PROCESS) with the reason."""

    url: str
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, server: Server, environ: Mapping[str, str]) -> "Asking":
        """With the token from the variable that it names."""
        variable = (server.secret_ref or "").removeprefix("env:")
        if variable and variable not in environ:
            raise Failed(Reason.PROCESS, f"{variable} is not set, which {server.url} asks for", f"export {variable}=…")
        token = environ[variable] if variable else ""
        if not (token.isascii() and (token.isprintable() or not token)):
            words = f"{variable} holds characters that no header can"
            raise Failed(Reason.PROCESS, words, f"set {variable} again, without a line end")
        return cls(server.url.rstrip("/"), token)

    def query(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """The series that an expression has now, with their values."""
        answer = self._sent("POST", "/api/v1/query", {"query": expr})
        try:
            body = answer.json()
            if body["status"] != "success":
                raise Failed(Reason.PROCESS, f"{self.url} refused a query: {str(body.get('error'))[:200]}")
            result = body["data"]["result"]
            return [(dict(one["metric"]), float(one["value"][1])) for one in result]
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Failed(Reason.PROCESS, f"{self.url} does not answer as Prometheus does") from None

    def reload(self) -> None:
        """Has it read its files again."""
        self._sent("POST", "/-/reload", None)

    def json(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """What it answers to JSON; None where that is nothing."""
        answer = self._sent(method, path, None, json=body, params=query)
        if not answer.is_success:
            raise Failed(Reason.PROCESS, f"{self.url}{path} refused: {answer.text[:200]}")
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise Failed(Reason.PROCESS, f"{self.url}{path} does not answer in JSON") from None

    def _sent(self, method: str, path: str, data: dict[str, str] | None, **more: Any) -> "httpx2.Response":
        import httpx2

        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            with httpx2.Client(timeout=ANSWER, headers=headers) as client:
                answer = client.request(method, f"{self.url}{path}", data=data, **more)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Failed(Reason.PROCESS, reason(error, self.url)) from None
        if not answer.is_success and answer.status_code not in (400, 422):  # whose body says what is wrong
            raise Failed(Reason.PROCESS, f"{self.url}{path} answered HTTP {answer.status_code}")
        return answer


@dataclass
class Asked:
    """A window of what a Prometheus has kept of one environment."""

    server: Asking
    environment: str
    seconds: float
    _buckets: dict[str, dict[str, float]] = field(default_factory=dict)

    def increase(self, metric: str, **labels: str) -> float:
        if (le := labels.pop("le", None)) is not None:
            return self._of_buckets(metric, labels).get(le, 0.0)
        found = self.server.query(f"sum(increase({self._select(metric, labels)}{self._over}))")
        return _number(found[0][1]) if found else 0.0

    def levels(self, metric: str, **labels: str) -> list[float]:
        found = self.server.query(f"avg_over_time({self._select(metric, labels)}{self._over})")
        return [value for _, value in found]

    def mean(self, metric: str, **labels: str) -> float | None:
        found = self.server.query(f"avg(avg_over_time({self._select(metric, labels)}{self._over}))")
        return found[0][1] if found else None

    def _of_buckets(self, metric: str, labels: Mapping[str, str]) -> dict[str, float]:
        """All buckets of a histogram at once: one question instead of twenty."""
        selected = self._select(metric, labels)
        if selected not in self._buckets:
            found = self.server.query(f"sum by (le) (increase({selected}{self._over}))")
            self._buckets[selected] = {_bound(series.get("le", "")): _number(value) for series, value in found}
        return self._buckets[selected]

    def _select(self, metric: str, labels: Mapping[str, str]) -> str:
        wanted = tuple((label, (value,)) for label, value in labels.items())
        return signals.selector(self.environment, metric, wanted)

    @property
    def _over(self) -> str:
        return f"[{duration(max(1, round(self.seconds)))}]"


def _number(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _bound(le: str) -> str:
    """A bound as our own processes write it, whatever this Prometheus makes of it."""
    from mooring.rollout.objectives.signals import bound

    try:
        return bound(float(le))
    except ValueError:
        return le


def unseen(server: Asking, environment: str) -> str:
    """Why a Prometheus cannot say how an environment is now, "" when it can.

    It keeps `up` for each of its targets: 0 where its last scrape failed.
    """
    up, label = server.query(f"max({signals.selector(environment, 'up')})"), f'{signals.LABEL}="{environment}"'
    if not up:
        return f"{server.url} scrapes nothing with the label {label}"
    return "" if up[0][1] == 1 else f"{server.url} gets no answer from what has the label {label}"
