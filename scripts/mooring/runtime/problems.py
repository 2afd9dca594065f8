"""Every error a client can get, as OpenAI clients expect it, with a stable code."""

from http import HTTPStatus

CODES: dict[str, HTTPStatus] = {
    "invalid_utf8": HTTPStatus.BAD_REQUEST,
    "invalid_json": HTTPStatus.BAD_REQUEST,
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "invalid_roles": HTTPStatus.BAD_REQUEST,
    "system_message_refused": HTTPStatus.BAD_REQUEST,
    "unsupported_content": HTTPStatus.BAD_REQUEST,
    "unsupported_parameter": HTTPStatus.BAD_REQUEST,
    "unknown_variable": HTTPStatus.BAD_REQUEST,
    "context_length_exceeded": HTTPStatus.BAD_REQUEST,
    "approval_unauthorized": HTTPStatus.UNAUTHORIZED,
    "approval_forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "model_not_found": HTTPStatus.NOT_FOUND,
    "run_not_found": HTTPStatus.NOT_FOUND,
    "conversation_not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "request_timeout": HTTPStatus.REQUEST_TIMEOUT,
    "run_not_waiting": HTTPStatus.CONFLICT,
    "conversation_busy": HTTPStatus.CONFLICT,
    "conversation_full": HTTPStatus.CONFLICT,
    "conversation_of_another_agent": HTTPStatus.CONFLICT,
    "request_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "run_limit_exceeded": HTTPStatus.INTERNAL_SERVER_ERROR,
    "run_interrupted": HTTPStatus.INTERNAL_SERVER_ERROR,
    "model_unavailable": HTTPStatus.BAD_GATEWAY,
    "model_rejected_request": HTTPStatus.BAD_GATEWAY,
    "invalid_answer": HTTPStatus.BAD_GATEWAY,
    "release_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""HTTP status by code. Codes are part of the interface: they are added, never renamed."""


class Problem(Exception):
    """Ends a request with an error. `code` is a key of `CODES`; `param` names the field at fault.

    The message is for the client: it holds no secret and no text of another user.
    """

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = CODES[code]
        self.param = param

    def body(self) -> dict[str, dict[str, str | None]]:
        """The error object of the OpenAI API: https://platform.openai.com/docs/guides/error-codes."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {"error": {"message": str(self), "type": kind, "code": self.code, "param": self.param}}
