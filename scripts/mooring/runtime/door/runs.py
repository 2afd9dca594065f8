"""Runs over HTTP: start one, look at it, approve or deny what it waits for."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.runtime.core.problems import Problem
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.approval import authorise
from mooring.runtime.door.asked import Asked, Keep
from mooring.runtime.door.body import Decision, RunBody
from mooring.runtime.door.calling import agent_of, caller_of, outlive, run_of, runtime_of
from mooring.runtime.door.parse import parse
from mooring.runtime.memory.run import DONE, FAILED, WAITING, shown
from mooring.runtime.memory.store import StoredRun
from mooring.runtime.runtime import Runtime

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


async def start(request: Request) -> Response:
    """`POST /agents/{name}/runs`: 202 at once; with `?wait=SECONDS` (or `true`) 200 if it ends in that time."""
    runtime, tenant = runtime_of(request), caller_of(request).tenant
    served = agent_of(request, request.path_params["name"])
    body = await parse(request, RunBody)
    turn = body.turn()
    served.prompt.check(turn.message, turn.variables)
    seconds = _wait(request, served.profile.deadline_seconds)

    async def prepare(_: Asked) -> Turn:
        admit(runtime)
        return turn

    asked = Asked(request, served, prepare, body.user, Keep.SURELY, stays=True)
    await asked.begin()
    run = await runtime.runs.get(asked.record.run, tenant)
    if seconds:
        run = await runtime.runs.wait(run.id, tenant, seconds)
    return _reply(run, 200 if run.status in (DONE, FAILED, WAITING) else 202, asked.replayed())


async def show(request: Request) -> Response:
    """`GET /runs/{id}`: a run of either slot."""
    return _reply(await run_of(request, request.path_params["id"]))


async def ticket(request: Request) -> Response:
    """`GET /tickets/{id}`: the state of a question that was answered by an apology at first."""
    tenant = caller_of(request).tenant
    return JSONResponse(await runtime_of(request).runs.ticket(request.path_params["id"], tenant))


async def approve(request: Request) -> Response:
    """`POST /runs/{id}/approve`: the calls are made and the run goes on."""
    return await _decide(request, approved=True)


async def deny(request: Request) -> Response:
    """`POST /runs/{id}/deny`: the agent is told so and goes on without."""
    return await _decide(request, approved=False)


async def _decide(request: Request, approved: bool) -> Response:
    runtime, caller = runtime_of(request), caller_of(request)
    tenant, by = caller.tenant, f"{caller.key or 'approval-key'}@http"
    authorise(request, runtime)
    decision = await parse(request, Decision, empty=b"{}")
    waiting = await run_of(request, request.path_params["id"])
    admit(runtime)
    run = await runtime.runs.decide(
        waiting.id, tenant, approved, decision.message, lambda ended: outlive(request, ended), by
    )
    if seconds := _wait(request, runtime.agents.get(run.agent, run.release).profile.deadline_seconds):
        run = await runtime.runs.wait(run.id, tenant, seconds)
    return _reply(run, 200 if run.status in (DONE, FAILED, WAITING) else 202)


def admit(runtime: Runtime) -> None:
    """Raises Problem when as many runs are under way as there may be: nobody waits for them, so they could pile up."""
    most = runtime.settings.share(runtime.release.content.environment.serving.max_in_flight)
    if runtime.runs.under_way() >= most:
        raise Problem("too_many_requests", f"{most} runs are under way; try again in a moment")


def _wait(request: Request, most: float) -> float:
    """Seconds to wait for a run: `?wait=true` means as long as its deadline. Raises Problem."""
    asked = request.query_params.get("wait", "false")
    if asked in ("true", "false"):
        return most if asked == "true" else 0.0
    if not _SECONDS.fullmatch(asked):
        raise Problem("invalid_request", "wait is a number of seconds, or true", "wait")
    return min(float(asked), most)


def _reply(run: StoredRun, status: int = 200, more: Mapping[str, str] = MappingProxyType({})) -> Response:
    headers = {"x-mooring-run": run.id, "location": f"/runs/{run.id}", **more}
    if rung := run.data.get("rung"):
        headers["x-mooring-rung"] = rung
    if run.data.get("simulated"):
        headers["x-mooring-simulated"] = "true"
    return JSONResponse(shown(run), status, headers)
