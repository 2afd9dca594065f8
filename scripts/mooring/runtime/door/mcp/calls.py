"""Calls of agents as tools: who may call which, the run behind a call, its progress, and how it ends."""

import asyncio
from dataclasses import asdict
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.requests import Request

from mooring.release.content import ReleaseContent
from mooring.runtime.agent.served import Served
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import UNDER_WAY, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.door.body import remembered
from mooring.runtime.door.calling import agent_of, agents_of, outlive, record_of, runtime_of
from mooring.runtime.door.mcp.tools import tool_name, tools_of
from mooring.runtime.door.parse import invalid
from mooring.runtime.door.runs import admit
from mooring.runtime.memory.run import DONE, WAITING, Run
from mooring.runtime.watch.accounting import BROKEN

RUN = "mooring.run"
"""Where a request's scope holds the Run that it began."""

USER = "mooring/user"
"""Where `_meta` of a call names the user that it is for."""

PROGRESS_SECONDS = 1.0
"""Between two notifications of progress."""

Context = ServerRequestContext[Any, Request]


class Arguments(BaseModel):
    """The arguments of a call."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1)
    conversation: str | None = None
    variables: dict[str, JsonValue] = Field(default_factory=dict)

    def turn(self) -> Turn:
        """What is asked. Raises Problem."""
        return remembered(Turn(self.message, variables=self.variables), self.conversation)


class Calls:
    """Answers `tools/list` and `tools/call` from the release alone and from who sends the request."""

    def __init__(self, content: ReleaseContent) -> None:
        self._tools = tools_of(content)
        self._agents = {tool_name(agent): agent for agent in self._tools}

    async def list(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """The tools of the agents that the caller may call, on one page."""
        return ListToolsResult(tools=[self._tools[agent] for agent in agents_of(_request(context))])

    async def call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """Runs an agent. What goes wrong is a result, for the client's model to read; raises MCPError for no tool."""
        request = _request(context)
        try:
            served = self._served(request, params.name)
            arguments = _parsed(params.arguments or {})
            return await _called(context, request, served, arguments.turn(), _user(params))
        except Problem as problem:
            if problem.status >= 500:
                request.scope[BROKEN] = True
            return _failed(problem, request.scope.get(RUN))
        except MCPError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, its words are not for the client
            LOGGER.exception("call failed", extra={"tool": params.name[:80]})
            request.scope[BROKEN] = True
            return _failed(Problem("internal_error", "the server failed"), request.scope.get(RUN))

    def _served(self, request: Request, tool: str) -> Served:
        try:
            return agent_of(request, self._agents.get(tool, ""))
        except Problem as problem:
            if problem.code != "model_not_found":
                raise
            raise MCPError(INVALID_PARAMS, f"there is no tool {tool[:80]!r} here", {"code": problem.code}) from None


async def _called(context: Context, request: Request, served: Served, turn: Turn, user: str | None) -> CallToolResult:
    served.prompt.check(turn.message, turn.variables)
    runtime, record = runtime_of(request), record_of(request, served, user)
    admit(runtime)
    run = request.scope[RUN] = await runtime.runs.begin(served, turn, record, None)
    outlive(request, run.answer)
    try:
        await _reported(context, run)
        answer = await runtime.runs.answered(run)
    except asyncio.CancelledError:
        if served.profile.on_disconnect == "cancel":
            run.cancel()
        raise
    return CallToolResult(
        content=[TextContent(text=answer.text)],
        structured_content=_facts(record, answer, record.simulated or runtime.simulated),
    )


async def _reported(context: Context, run: Run) -> None:
    """Waits for the answer and tells a client that asked for progress how long it has been. Raises Problem."""
    loop, seconds = asyncio.get_running_loop(), run.record.budget.seconds
    start = loop.time()
    while not (await asyncio.wait({run.answer}, timeout=PROGRESS_SECONDS))[0]:
        elapsed = round(loop.time() - start, 3)
        await context.session.report_progress(elapsed, seconds if elapsed < seconds else None, _doing(run.record))
    if run.answer.cancelled():
        raise Problem("run_interrupted", "the slot that ran it has ended")


def _doing(record: Record) -> str:
    names = [call.name for call in record.tool_calls if call.outcome == UNDER_WAY]
    return f"{record.run} calls {', '.join(names)}" if names else f"{record.run} waits for the model"


def _facts(record: Record, answer: Answer, simulated: bool) -> dict[str, Any]:
    known = {
        "answer": answer.text,
        "run": record.run,
        "status": WAITING if answer.approvals else DONE,
        "rung": record.rung,
        "conversation": record.conversation,
        "approvals": [asdict(approval) for approval in answer.approvals],
        "ticket": record.ticket,
        "cost_usd": round(record.usage.cost_usd, 9),
        "simulated": simulated,
    }
    return {name: value for name, value in known.items() if value is not None}


def _failed(problem: Problem, run: Run | None) -> CallToolResult:
    facts: dict[str, Any] = problem.body()
    if run is not None:
        facts["run"] = run.request.run
        if run.record.ticket:
            facts["ticket"] = run.record.ticket
    text = TextContent(text=f"{problem.code}: {problem}")
    return CallToolResult(content=[text], structured_content=facts, is_error=True)


def _user(params: CallToolRequestParams) -> str | None:
    """Whom the call is for. The client's program says that beside the arguments, which its model writes."""
    said = (params.meta or {}).get(USER)
    return said if isinstance(said, str) else None


def _parsed(arguments: dict[str, Any]) -> Arguments:
    try:
        return Arguments.model_validate(arguments)
    except ValidationError as error:
        raise invalid(error, arguments) from error


def _request(context: Context) -> Request:
    """The HTTP request of a message. Each has one of its own: nothing is remembered of the one before."""
    if context.request is None:
        raise LookupError("the message did not come by HTTP")
    return context.request
