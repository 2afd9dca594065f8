"""Health over HTTP in the manner of Kubernetes: one line a check, or JSON.

`/livez` is for restarting, `/startupz` for waiting, `/readyz` for routing, `/healthz` for people and alarms.

Source: https://kubernetes.io/docs/reference/using-api/health-checks/
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.calling import is_operator
from mooring.runtime.watch.health.check import Check, Result, look_at
from mooring.runtime.watch.health.health import Health


async def live(request: Request) -> Response:
    """Whether the event loop moves. Nothing outside the process is asked: a restart would not repair it."""
    health = _health(request)
    if _detailed(request):
        return await answer(request, "livez", [health.loop])
    if health.apart:  # the answer is the proof; a crowd makes all of them late, and killing them does not help
        return JSONResponse({"alive": True}, 200, _HEADERS)
    result = await health.loop.result()
    told = {} if result.ok or not is_operator(request) else {"reasons": [f"the event loop is late: {result.detail}"]}
    return JSONResponse({"alive": result.ok} | told, 200 if result.ok else 503, _HEADERS)


async def started(request: Request) -> Response:
    """Whether the release is loaded."""
    health = _health(request)
    if _detailed(request):
        return await answer(request, "startupz", [health.release])
    result = await health.release.result()
    told = {"reasons": [] if result.ok else [result.detail]} if is_operator(request) else {}
    return JSONResponse({"started": result.ok} | told, 200 if result.ok else 503, _HEADERS)


async def ready(request: Request) -> Response:
    """Whether requests would be answered by a model and written down, and if not, every reason."""
    health = _health(request)
    if _detailed(request):
        return await answer(request, "readyz", health.readiness)
    well, reasons = await health.ready()
    told = {"reasons": reasons} if is_operator(request) else {}
    return JSONResponse({"ready": well} | told, 200 if well else 503, _HEADERS)


async def healthz(request: Request) -> Response:
    """Every layer, one of them, or one check."""
    checks = _health(request).all
    if path := request.path_params.get("path"):
        checks = [check for check in checks if _named(check, path)]
        if not checks:
            raise Problem("not_found", f"there is no check {path[:80]!r}")
    return await answer(request, "healthz", checks)


_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


async def answer(request: Request, name: str, checks: Sequence[Check]) -> Response:
    """The results of `checks`: 200 when all pass, else 503.

    `?verbose` shows each, `?exclude=NAME` (a check or a layer) leaves some out.
    """
    excluded = request.query_params.getlist("exclude")
    kept = [check for check in checks if not any(_named(check, what) for what in excluded)]
    unknown = [what for what in excluded if not any(_named(check, what) for check in checks)]
    results, now = await look_at(kept), time.monotonic()
    status = 200 if all(result.ok for result in results) else 503
    if _wants_json(request):
        return JSONResponse(data(results, now), status, _HEADERS)
    verbose = "verbose" in request.query_params or status != 200
    text = "\n".join(lines(name, results, unknown, now)) + "\n" if verbose else "ok"
    return PlainTextResponse(text, status, _HEADERS)


def data(results: Iterable[Result], now: float) -> dict[str, Any]:
    """JSON-able: the whole, and each check."""
    listed = [result.data(now) for result in results]
    return {"status": "ok" if all(each["ok"] for each in listed) else "failed", "checks": listed}


def lines(name: str, results: Sequence[Result], unknown: Iterable[str], now: float) -> Iterable[str]:
    """`[+]layer/check ok` or `[-]layer/check failed: reason`, each with its value, threshold and age."""
    for result in results:
        mark, word = ("+", "ok") if result.ok else ("-", "failed")
        detail = f": {result.detail}" if result.detail else ""
        yield f"[{mark}]{result.path} {word}{detail} ({_measure(result)}, {max(0.0, now - result.at):.0f} s ago)"
    for what in unknown:
        yield f"warn: nothing to exclude is called {what[:80]!r}"
    yield f"{name} check {'passed' if all(result.ok for result in results) else 'failed'}"


def _measure(result: Result) -> str:
    most = "" if result.threshold is None else f" of {result.threshold:g}"
    return f"{result.value:.3g}{most} {result.unit}"


def _named(check: Check, what: str) -> bool:
    return what in (check.path, check.name, check.layer)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _detailed(request: Request) -> bool:
    """Whether somebody wants to see the checks: by default these doors answer a machine, with the reasons alone."""
    return bool({"verbose", "exclude"} & request.query_params.keys())


def _health(request: Request) -> Health:
    health: Health = request.app.state.runtime.health
    return health
