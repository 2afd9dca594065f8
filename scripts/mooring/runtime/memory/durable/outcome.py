"""The outcome of a tool call as a JSON value: a result, or an error that the agent loop acts on."""

from collections.abc import Mapping
from typing import Any

from pydantic_ai.exceptions import (
    ApprovalRequired,
    CallDeferred,
    ModelRetry,
    ToolFailed,
    ToolFailedError,
    ToolRetryError,
    UsageLimitExceeded,
)

ANSWERS = (ToolRetryError, ToolFailedError, ModelRetry, ToolFailed, ApprovalRequired, CallDeferred, UsageLimitExceeded)
"""Errors that are a tool's way to answer; any other is a fault, after which the call is made again."""


def as_value(error: BaseException) -> dict[str, Any]:
    """One of `ANSWERS` as a value."""
    match error:
        case ToolRetryError() | ToolFailedError() if isinstance(error.__cause__, ModelRetry | ToolFailed):
            return as_value(error.__cause__)
        case ToolRetryError():
            return {"retry": str(error)}
        case ToolFailedError():
            return {"failed": str(error)}
        case ModelRetry():
            return {"retry": error.message}
        case ToolFailed():
            return {"failed": error.message}
        case ApprovalRequired():
            return {"approval": error.metadata}
        case CallDeferred():
            return {"deferred": error.metadata}
    return {"limit": str(error)}


def as_result(value: Mapping[str, Any]) -> Any:
    """The result that a value stands for. Raises the error that it stands for."""
    match value:
        case {"retry": str(message)}:
            raise ModelRetry(message)
        case {"failed": str(message)}:
            raise ToolFailed(message)
        case {"approval": metadata}:
            raise ApprovalRequired(metadata)
        case {"deferred": metadata}:
            raise CallDeferred(metadata)
        case {"limit": str(message)}:
            raise UsageLimitExceeded(message)
    return value["ok"]
