"""A run as OpenAI's Response object.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from typing import Any

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.facts import facts
from mooring.runtime.memory.run import DONE, FAILED, QUEUED, RUNNING, WAITING, text_of
from mooring.runtime.memory.store import StoredRun

RESPONSE, RUN = "resp_", "run_"
_CUT = {"length": "max_output_tokens", "content_filter": "content_filter"}
_APPROVAL = "approval_required"
"""Why a response is incomplete that waits for a person; `mooring.approvals` has the calls."""

_FIXED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "service_tier": None,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}
"""What the release decides: a client's tools are not called, and the agent's own are nobody else's business."""


def response_id(run: str) -> str:
    """The id of the response that a run makes."""
    return RESPONSE + run.removeprefix(RUN)


def run_id(response: str) -> str:
    """The run behind the id of a response; "" when it is none."""
    return RUN + response.removeprefix(RESPONSE) if response.startswith(RESPONSE) else ""


def as_response(run: StoredRun, text: str | None = None) -> dict[str, Any]:
    """The response as it stands. `text` is what its stream said, where that differs from what is kept."""
    asked, status = run.data.get("origin", {}).get("response", {}), status_of(run)
    ended = status not in ("queued", "in_progress")
    output = [message(run, text_of(run) if text is None else text)] if run.status in (DONE, WAITING) else []
    named = run.data.get("conversation") if asked.get("named") else None
    head = {"id": response_id(run.id), "object": "response", "created_at": int(run.created), "status": status}
    more = {
        "completed_at": int(run.updated) if run.status == DONE else None,
        "background": bool(asked.get("background")),
        "conversation": {"id": named} if named else None,
        "error": _error(run) if status == "failed" else None,
        "incomplete_details": {"reason": _reason(run)} if status == "incomplete" else None,
        "metadata": asked.get("metadata") or {},
        "model": run.agent,
        "output": output,
        "previous_response_id": asked.get("previous"),
        "store": stored(run),
        "usage": _usage(run) if ended else None,
        "mooring": facts(run),
    }
    return head | _FIXED | more


def stored(run: StoredRun) -> bool:
    """Whether a run is a response that can be asked for later."""
    origin = run.data.get("origin", {})
    return bool(origin.get("kept", True) and origin.get("response", {}).get("store"))


def status_of(run: StoredRun) -> str:
    """What OpenAI calls the status of a run."""
    cancelled = (run.data.get("error") or {}).get("code") == "run_cancelled"
    cut = run.data.get("finish") in _CUT
    by_status = {QUEUED: "queued", RUNNING: "in_progress", WAITING: "incomplete"}
    by_status |= {DONE: "incomplete" if cut else "completed", FAILED: "cancelled" if cancelled else "failed"}
    return by_status[run.status]


def message(run: StoredRun, text: str, status: str = "completed") -> dict[str, Any]:
    """The one item of the output: what the agent says."""
    head = {"id": message_id(run), "type": "message", "role": "assistant", "status": status}
    return head | {"content": [part(text)] if status != "in_progress" else []}


def message_id(run: StoredRun) -> str:
    """The id of the message that a run says."""
    return f"msg_{run.id.removeprefix(RUN)}"


def part(text: str) -> dict[str, Any]:
    """A text as a part of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def input_items(run: StoredRun) -> list[dict[str, Any]]:
    """What was asked, in order."""
    made = []
    for index, (role, text) in enumerate(run.data["origin"]["response"]["input"]):
        content = part(text) if role == "assistant" else {"type": "input_text", "text": text}
        head = {"id": f"{message_id(run)}_{index}", "type": "message", "role": role, "status": "completed"}
        made.append(head | {"content": [content]})
    return made


def _reason(run: StoredRun) -> str:
    return _APPROVAL if run.status == WAITING else _CUT[run.data["finish"]]


def _error(run: StoredRun) -> dict[str, str]:
    problem = Problem.of(run.data.get("error") or {"message": "the run failed"})
    return {"code": problem.code, "message": str(problem)}


def _usage(run: StoredRun) -> dict[str, Any]:
    sent, got = run.data["usage"]["input_tokens"], run.data["usage"]["output_tokens"]
    details = {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
    details |= {"output_tokens_details": {"reasoning_tokens": 0}}
    return {"input_tokens": sent, "output_tokens": got, "total_tokens": sent + got} | details
