"""What a request's caller may call, and what belongs to it."""

import asyncio
from typing import Any

from starlette.requests import Request

from mooring.runtime.agent.served import Served
from mooring.runtime.core.caller import ANYONE, TOKEN, Caller
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import Record
from mooring.runtime.door.middleware import languages
from mooring.runtime.memory.store import StoredRun
from mooring.runtime.runtime import Runtime

CALLER = "mooring.caller"
"""Where a request's scope holds its Caller; absent where the environment has no `access`."""

ADMITTED = "mooring.admitted"
"""Where it holds what counts the request against limits; absent where there are none."""

LONGEST_USER = 256
"""Characters of a user's name."""


def runtime_of(request: Request) -> Runtime:
    """The runtime behind a request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def caller_of(request: Request) -> Caller:
    """Who sent a request."""
    caller: Caller = request.scope.get(CALLER, ANYONE)
    return caller


def agents_of(request: Request) -> list[str]:
    """The names of the agents that the caller may call, which are the models that it sees."""
    caller = caller_of(request)
    return [name for name in runtime_of(request).agents.names if caller.may_call(name)]


def agent_of(request: Request, name: str) -> Served:
    """An agent that the caller may call. Raises Problem: what it may not call is not there."""
    if not caller_of(request).may_call(name):
        raise Problem("model_not_found", f"there is no agent {name[:80]!r} here", "model")
    return runtime_of(request).agents.get(name)


async def run_of(request: Request, run_id: str) -> StoredRun:
    """A run that is the caller's: of its tenant, and of an agent that it may call. Raises Problem as for none."""
    caller = caller_of(request)
    run = await runtime_of(request).runs.get(run_id, caller.tenant)
    if not caller.may_call(run.agent):
        raise Problem("run_not_found", f"there is no run {run_id[:80]!r}")
    return run


def is_operator(request: Request) -> bool:
    """Whether the sender may see what is for operators: everybody may where there is no `access`."""
    return CALLER not in request.scope or caller_of(request).role == "operator"


def outlive(request: Request, ended: "asyncio.Future[Any]") -> None:
    """Counts a run that may outlive its request against the limits of its tenant until it has ended."""
    if admitted := request.scope.get(ADMITTED):
        admitted.until = ended


def user_of(request: Request, said: str | None) -> str:
    """Which of its tenant's users a request is for, "" when nobody says. Raises Problem.

    A key's holder says it. A token is of one user, `<issuer>#<subject>`; one that names another one is for nobody.
    """
    if said and (len(said) > LONGEST_USER or not said.isprintable()):
        raise Problem("invalid_request", f"a user's name has at most {LONGEST_USER} characters, all visible", "user")
    caller = caller_of(request)
    if caller.key != TOKEN:
        return said or ""
    return caller.user if said in (None, "", caller.user, caller.user.partition("#")[2]) else ""


def number_in(request: Request, name: str, most: int, default: int) -> int:
    """A number from 1 to `most` in the query. Raises Problem."""
    asked = request.query_params.get(name, str(default))
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= len(str(most)) and 1 <= int(asked) <= most):
        raise Problem("invalid_request", f"{name} is a number from 1 to {most}", name)
    return int(asked)


def record_of(request: Request, served: Served, user: str | None, run: str | None = None) -> Record:
    """The record of a new run of the caller's for a user, in the languages that the request accepts. Raises Problem."""
    caller, meant = caller_of(request), user_of(request, user)
    return runtime_of(request).agents.record(served, languages(request), run, caller.tenant, caller.key, meant)
