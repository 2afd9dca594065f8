"""Where a conversation is taken up again: after the response that a request names."""

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.responses.view import run_id, stored
from mooring.runtime.memory.run import QUEUED, RUNNING, WAITING
from mooring.runtime.memory.store import StoredRun
from mooring.runtime.runtime import Runtime

_PARAM = "previous_response_id"


async def found(runtime: Runtime, response: str, tenant: str) -> StoredRun | None:
    """The run of a tenant's stored response, in either slot; None when there is none. Raises Problem."""
    try:
        run = await runtime.runs.get(run_id(response), tenant)
    except Problem as problem:
        if problem.code != "run_not_found":
            raise
        return None
    return run if stored(run) else None


async def taken_up(runtime: Runtime, response: str, tenant: str) -> tuple[str, str] | None:
    """The conversation of a response, and the run whose turn is the last one before what comes next. Raises Problem.

    A response that is not part of its conversation, since it failed or was an apology, is passed over for the one
    before it; None when there is none before it.
    """
    previous: str | None = response
    while previous:
        run = await found(runtime, previous, tenant)
        if run is None:
            raise Problem("previous_response_not_found", f"there is no response {previous[:80]!r}", _PARAM)
        if run.status in (QUEUED, RUNNING):
            raise Problem("conversation_busy", f"response {previous} is still being made", _PARAM)
        if run.status == WAITING:
            raise Problem("run_waiting", f"response {previous} waits for an approval: /runs/{run.id}/approve", _PARAM)
        if run.data.get("remembered"):
            return run.data["conversation"], run.id
        asked = run.data["origin"]["response"]
        if asked["named"] and run.data.get("conversation"):
            return run.data["conversation"], ""
        previous = asked["previous"]
    return None
