"""Every error a client can get, as OpenAI clients expect it, with a stable code."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple


class Code(NamedTuple):
    """`says` is what it means to a client, whatever the message of one error adds."""

    status: HTTPStatus
    says: str


CODES: dict[str, Code] = {
    "invalid_http": Code(HTTPStatus.BAD_REQUEST, "What was sent is not HTTP/1.1."),
    "invalid_utf8": Code(HTTPStatus.BAD_REQUEST, "The body is not UTF-8."),
    "invalid_json": Code(HTTPStatus.BAD_REQUEST, "The body is not JSON, or not unambiguous JSON."),
    "invalid_request": Code(HTTPStatus.BAD_REQUEST, "A field is missing or has a wrong value; `param` names it."),
    "invalid_roles": Code(
        HTTPStatus.BAD_REQUEST, "A message is by nobody who may speak, or the last one is not the user's."
    ),
    "system_message_refused": Code(HTTPStatus.BAD_REQUEST, "The system prompt is the release's."),
    "unsupported_content": Code(HTTPStatus.BAD_REQUEST, "A message holds something other than text."),
    "unsupported_parameter": Code(HTTPStatus.BAD_REQUEST, "A parameter asks for what the release decides."),
    "unknown_variable": Code(HTTPStatus.BAD_REQUEST, "A request cannot set this input of the prompt."),
    "context_length_exceeded": Code(
        HTTPStatus.BAD_REQUEST, "The conversation is too long for the model, however it is trimmed."
    ),
    "previous_response_not_found": Code(
        HTTPStatus.BAD_REQUEST, "There is no such response to go on from, or not any more."
    ),
    "key_in_query": Code(
        HTTPStatus.BAD_REQUEST, "A key stands in the URL, which logs keep; send it as a header, and replace it."
    ),
    "invalid_api_key": Code(
        HTTPStatus.UNAUTHORIZED, "The request has no key or token that works here; `Authorization: Bearer` takes it."
    ),
    "operator_required": Code(HTTPStatus.FORBIDDEN, "This is for operators: it needs an operator's key."),
    "operator_refused": Code(HTTPStatus.FORBIDDEN, "An operator's key is for metrics and health alone."),
    "origin_refused": Code(HTTPStatus.FORBIDDEN, "Without keys, no page of the web may call, and nobody by a proxy."),
    "host_refused": Code(
        HTTPStatus.MISDIRECTED_REQUEST, "Without keys, only requests that name this machine itself are answered."
    ),
    "approval_unauthorized": Code(HTTPStatus.UNAUTHORIZED, "An approval needs the key of the environment."),
    "approval_forbidden": Code(HTTPStatus.FORBIDDEN, "Whoever asks may not approve here."),
    "not_found": Code(HTTPStatus.NOT_FOUND, "There is nothing at this path."),
    "model_not_found": Code(HTTPStatus.NOT_FOUND, "There is no such agent."),
    "run_not_found": Code(HTTPStatus.NOT_FOUND, "There is no such run."),
    "response_not_found": Code(HTTPStatus.NOT_FOUND, "There is no such response, or it was not stored."),
    "ticket_not_found": Code(HTTPStatus.NOT_FOUND, "There is no such ticket."),
    "conversation_not_found": Code(HTTPStatus.NOT_FOUND, "There is no such conversation."),
    "method_not_allowed": Code(HTTPStatus.METHOD_NOT_ALLOWED, "The path does not take this method."),
    "request_timeout": Code(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time."),
    "run_not_waiting": Code(HTTPStatus.CONFLICT, "The run waits for no approval."),
    "run_waiting": Code(HTTPStatus.CONFLICT, "The run waits for an approval, which is given or denied first."),
    "run_under_way": Code(HTTPStatus.CONFLICT, "The run is under way; that can be done when it has ended."),
    "idempotency_in_progress": Code(
        HTTPStatus.CONFLICT, "The first request with this `Idempotency-Key` is still being answered."
    ),
    "conversation_busy": Code(HTTPStatus.CONFLICT, "Another turn of the conversation is being answered."),
    "conversation_full": Code(HTTPStatus.CONFLICT, "The conversation has as many turns as one may have."),
    "conversation_of_another_agent": Code(HTTPStatus.CONFLICT, "The conversation is with another agent."),
    "request_too_large": Code(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    "unsupported_media_type": Code(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body's content type is not JSON."),
    "idempotency_conflict": Code(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The `Idempotency-Key` was used for another request before."
    ),
    "too_many_requests": Code(
        HTTPStatus.TOO_MANY_REQUESTS,
        "As many requests are being answered as can be; `Retry-After` says when to try again.",
    ),
    "rate_limit_exceeded": Code(
        HTTPStatus.TOO_MANY_REQUESTS, "The requests of this minute are used up; `Retry-After` says when there are more."
    ),
    "insufficient_quota": Code(
        HTTPStatus.TOO_MANY_REQUESTS, "The tokens or the money of today are used up; a day ends at midnight UTC."
    ),
    "headers_too_large": Code(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large."),
    "internal_error": Code(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed that nobody expected; the log knows."),
    "run_interrupted": Code(HTTPStatus.INTERNAL_SERVER_ERROR, "The slot that ran it has ended."),
    "run_cancelled": Code(HTTPStatus.CONFLICT, "The run was cancelled."),
    "run_crashed": Code(HTTPStatus.INTERNAL_SERVER_ERROR, "The run ended its process more than once."),
    "model_rejected_request": Code(
        HTTPStatus.BAD_GATEWAY, "The model's endpoint refused the request as wrong in itself."
    ),
    "run_limit_exceeded": Code(
        HTTPStatus.BAD_GATEWAY, "The model went on calling tools until the run's limit; asked again, it would again."
    ),
    "release_unavailable": Code(
        HTTPStatus.SERVICE_UNAVAILABLE, "The slot is not ready, or the run's release cannot be served any more."
    ),
    "identity_unavailable": Code(
        HTTPStatus.SERVICE_UNAVAILABLE, "The issuer of the token does not answer, and its keys are not known."
    ),
    "storage_unavailable": Code(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer."),
}
"""By code. Codes are part of the interface: they are added, never renamed."""


class Problem(Exception):
    """Ends a request with an error. `code` is a key of `CODES`; `param` names the field at fault.

    `wait` is in how many seconds the client may try again; `headers` are of the reply.
    The message is for the client: it holds no secret and no text of another user.
    """

    def __init__(
        self,
        code: str,
        message: str,
        param: str | None = None,
        wait: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers = dict(headers or {})
        if wait is not None:
            self.headers["retry-after"] = str(math.ceil(wait))
        self.code = code
        self.status = CODES[code].status
        self.param = param

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> "Problem":
        """The problem whose `body` holds the error object `error`; one that was kept with a run."""
        code = error.get("code")
        return cls(code if code in CODES else "internal_error", str(error.get("message")), error.get("param"))

    def body(self) -> dict[str, dict[str, str | None]]:
        """The error object of the OpenAI API: https://platform.openai.com/docs/guides/error-codes."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            kind = "rate_limit_error"
        return {"error": {"message": str(self), "type": kind, "code": self.code, "param": self.param}}
