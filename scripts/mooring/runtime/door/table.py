"""Every endpoint of the server."""

from typing import Any

from mooring.runtime.door import chat, conversations, health, runs, server
from mooring.runtime.door.body import ChatBody, Decision, RunBody
from mooring.runtime.door.openapi import answers
from mooring.runtime.door.openapi.endpoint import AGENT, STREAM, TEXT, Endpoint, Handler
from mooring.runtime.door.responses import endpoints as responses
from mooring.runtime.door.responses.body import ResponseBody

_BODY = (
    "invalid_json",
    "invalid_utf8",
    "invalid_request",
    "request_timeout",
    "request_too_large",
    "unsupported_media_type",
)
_ASKING = (
    *_BODY,
    "invalid_roles",
    "system_message_refused",
    "unsupported_content",
    "unsupported_parameter",
    "context_length_exceeded",
    "model_not_found",
    "conversation_busy",
    "conversation_full",
    "conversation_of_another_agent",
    "idempotency_conflict",
    "idempotency_in_progress",
    "model_rejected_request",
    "run_limit_exceeded",
    "run_interrupted",
    "run_cancelled",
    "run_crashed",
    "storage_unavailable",
)
_FOUND = ("response_not_found", "storage_unavailable")
_RUN = ("x-mooring-run", "x-mooring-rung", "idempotent-replayed")
_ANSWERED = (*_RUN, "x-mooring-first-rung", "x-mooring-cached-age", "x-mooring-ticket", "x-mooring-conversation")
_WAIT: dict[str, Any] = {
    "wait": {
        "anyOf": [{"type": "number", "minimum": 0, "maximum": 999_999_999}, {"type": "boolean"}],
        "description": "Seconds to wait for the end; `true` for as long as the run may take.",
    }
}
_ID = "$response.body#/id"
_BY_RUN = dict.fromkeys(("/runs/{id}", "/runs/{id}/approve", "/runs/{id}/deny"), _ID)
_BY_RESPONSE = {
    "/v1/responses/{id}": _ID,
    "/v1/responses/{id}/cancel": _ID,
    "/v1/responses/{id}/input_items": _ID,
    "/conversations/{id}": "$response.header.x-mooring-conversation",
}
_DECIDING = (
    *_BODY,
    "approval_unauthorized",
    "approval_forbidden",
    "run_not_found",
    "run_not_waiting",
    "release_unavailable",
    "storage_unavailable",
)


def _decision(path: str, handler: Handler, summary: str) -> Endpoint:
    done = {200: answers.RunObject, 202: answers.RunObject}
    return Endpoint(
        "POST", path, handler, summary, done, Decision, False, _DECIDING, query=_WAIT, headers=(*_RUN, "location")
    )


def _health(path: str, handler: Handler, summary: str) -> Endpoint:
    told = {200: answers.Health, 503: answers.Health}
    query: dict[str, dict[str, Any]] = {
        "verbose": {"type": "string", "description": "Whatever its value: shows each check."},
        "exclude": {"type": "array", "items": {"type": "string"}, "description": "Checks or layers to leave out."},
    }
    return Endpoint("GET", path, handler, summary, told, query=query, also=(TEXT,))


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/chat/completions",
        chat.completions,
        "Ask an agent, as a chat",
        {200: answers.Completion},
        ChatBody,
        example={"model": AGENT, "messages": [{"role": "user", "content": "What can you do?"}]},
        errors=_ASKING,
        also=(STREAM,),
        once=True,
        headers=_ANSWERED,
    ),
    Endpoint(
        "POST",
        "/v1/responses",
        responses.create,
        "Ask an agent, as a response",
        {200: answers.ResponseObject},
        ResponseBody,
        example={"model": AGENT, "input": "What can you do?"},
        errors=(*_ASKING, "previous_response_not_found", "run_waiting", "too_many_requests"),
        also=(STREAM,),
        once=True,
        headers=_ANSWERED,
        links=_BY_RESPONSE,
    ),
    Endpoint(
        "GET",
        "/v1/responses/{id}",
        responses.show,
        "Read a response",
        {200: answers.ResponseObject},
        errors=("unsupported_parameter", *_FOUND),
        query={"stream": {"enum": [False]}},
        headers=_ANSWERED,
    ),
    Endpoint(
        "DELETE",
        "/v1/responses/{id}",
        responses.delete,
        "Delete a response; its conversation stays",
        {200: answers.Deleted},
        errors=(*_FOUND, "run_under_way"),
    ),
    Endpoint(
        "POST",
        "/v1/responses/{id}/cancel",
        responses.cancel,
        "End a response that is being made",
        {200: answers.ResponseObject},
        errors=(*_FOUND, "run_under_way", "run_waiting"),
        headers=_ANSWERED,
    ),
    Endpoint(
        "GET",
        "/v1/responses/{id}/input_items",
        responses.show_input,
        "List what a response was asked",
        {200: answers.Items},
        errors=("invalid_request", *_FOUND),
        query={
            "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            "order": {"type": "string", "enum": ["asc", "desc"]},
            "after": {"type": "string"},
        },
    ),
    Endpoint("GET", "/v1/models", server.models, "List the agents", {200: answers.Models}),
    Endpoint(
        "GET",
        "/v1/models/{name:path}",
        server.model,
        "Read an agent",
        {200: answers.Model},
        errors=("model_not_found",),
    ),
    Endpoint(
        "POST",
        "/agents/{name:path}/runs",
        runs.start,
        "Start a run",
        {200: answers.RunObject, 202: answers.RunObject},
        RunBody,
        example={"message": "What can you do?"},
        errors=(*_ASKING, "unknown_variable", "too_many_requests"),
        query=_WAIT,
        once=True,
        headers=(*_RUN, "location"),
        links=_BY_RUN,
    ),
    Endpoint(
        "GET",
        "/runs/{id}",
        runs.show,
        "Read a run",
        {200: answers.RunObject},
        errors=("run_not_found", "storage_unavailable"),
        headers=(*_RUN, "location"),
    ),
    _decision("/runs/{id}/approve", runs.approve, "Approve what a run waits for"),
    _decision("/runs/{id}/deny", runs.deny, "Deny what a run waits for"),
    Endpoint(
        "GET",
        "/tickets/{id}",
        runs.ticket,
        "Read what became of a question",
        {200: answers.Ticket},
        errors=("ticket_not_found", "storage_unavailable"),
    ),
    Endpoint(
        "GET",
        "/conversations/{id}",
        conversations.show,
        "Read a conversation",
        {200: answers.ConversationObject},
        errors=("invalid_request", "conversation_not_found", "storage_unavailable"),
        query={"turns": {"type": "integer", "minimum": 1, "maximum": 1000}},
    ),
    Endpoint(
        "DELETE",
        "/conversations/{id}",
        conversations.delete,
        "Delete a conversation",
        {204: None},
        errors=("conversation_not_found", "storage_unavailable"),
    ),
    _health("/livez", health.live, "Whether the process lives"),
    _health("/startupz", health.started, "Whether the release is loaded"),
    _health("/readyz", health.ready, "Whether requests would be answered"),
    _health("/healthz", health.healthz, "Every check"),
    _health("/healthz/{path:path}", health.healthz, "One check, or one layer's"),
    Endpoint("GET", "/metrics", server.metrics, "Metrics for Prometheus", {200: None}, also=(TEXT,)),
    Endpoint("GET", "/openapi.json", server.description, "This description", {200: answers.Description}),
)
