"""The on-call team's service: metrics, deployments, pages."""

from datetime import timedelta
from sqlite3 import Connection
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mooring.simulator.services import seed
from mooring.simulator.services.answers import Clock, Query, Wrong, checked, once, refuse
from mooring.simulator.services.database import Database

Service = Literal["checkout", "search", "payments", "warehouse"]
_STEP_MINUTES = 5
_WAVE = (0.0, 0.02, -0.01, 0.01, -0.02)
"""How a healthy metric moves about its usual value."""


class MetricQuery(Query):
    service: Service
    name: Literal["error-rate", "latency-p99", "request-rate", "saturation"]
    minutes: Annotated[int, Field(ge=5, le=180)] = 30


class DeploymentQuery(Query):
    service: Service


class PageBody(Query):
    service: Service
    severity: Literal["sev1", "sev2"]
    summary: Annotated[str, Field(min_length=10, max_length=500)]


class OnCall:
    """Answers requests from what is known; times are those of the clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def metrics(self, request: Request) -> Response:
        query = checked(MetricQuery, dict(request.query_params))
        known = {(row[0], row[1]): row for row in seed.METRICS}
        _, _, unit, usual, latest, changed = known[query.service, query.name]
        body = {"service": query.service, "name": query.name, "unit": unit, "usual": usual, "latest": latest}
        points = [
            {"at": self._time(ago), "value": _value(usual, latest, changed, ago)}
            for ago in range(query.minutes // _STEP_MINUTES * _STEP_MINUTES, -1, -_STEP_MINUTES)
        ]
        return JSONResponse(body | {"changedMinutesAgo": changed, "points": points})

    def deployments(self, request: Request) -> Response:
        query = checked(DeploymentQuery, dict(request.query_params))
        found = [
            {
                "version": version,
                "deployedAt": self._time(ago),
                "minutesAgo": ago,
                "change": change,
                "previousVersion": before,
            }
            for service, version, before, ago, change in seed.DEPLOYMENTS
            if service == query.service
        ]
        return JSONResponse({"service": query.service, "deployments": found})

    async def page(self, request: Request) -> Response:
        body = checked(PageBody, await request.body())
        with self.database.transaction() as connection:
            return once(connection, request, lambda: _page(connection, body))

    def pages(self, _: Request) -> Response:
        with self.database.transaction() as connection:
            rows = connection.execute("SELECT service, severity, summary FROM pages ORDER BY number").fetchall()
        return JSONResponse({"pages": [dict(row) for row in rows]})

    def _time(self, minutes_ago: int) -> str:
        moment = self.clock() - timedelta(minutes=minutes_ago)
        return moment.isoformat(timespec="seconds")


def _value(usual: float, latest: float, changed: int | None, ago: int) -> float:
    """A metric's value some minutes ago: about the usual one until it changed, then rising to the latest."""
    wave = 1 + _WAVE[ago // _STEP_MINUTES % len(_WAVE)]
    if ago == 0:
        return latest
    if changed is None or ago > changed:
        return round(usual * wave, 2)
    return round(latest - (latest - usual) * (ago / changed) * 0.3, 2)


def _page(connection: Connection, body: PageBody) -> dict[str, Any]:
    row = (body.service, body.severity, body.summary)
    number = connection.execute("INSERT INTO pages VALUES (NULL, ?, ?, ?)", row).lastrowid
    return {"pageId": f"P-{number}", "service": body.service, "severity": body.severity, "status": "ringing"}


def create_oncall(database: Database, clock: Clock) -> Starlette:
    """The service, to be mounted."""
    oncall = OnCall(database, clock)
    routes = [
        Route("/metrics", oncall.metrics),
        Route("/deployments", oncall.deployments),
        Route("/pages", oncall.page, methods=["POST"]),
        Route("/pages", oncall.pages),
    ]
    return Starlette(routes=routes, exception_handlers={Wrong: refuse})
