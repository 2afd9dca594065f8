"""Which errors of a model are worth another try, and which are worth another rung of the ladder."""

from asyncio import CancelledError

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
)

from mooring.runtime.core.circuit import Health


class OutOfTime(ModelAPIError):
    """The deadline budget was spent before a try began or had a fair chance: it says nothing about the endpoint."""

    def __init__(self, model_name: str) -> None:
        super().__init__(model_name, "the deadline has passed")


class BreakerOpen(ModelAPIError):
    """The endpoint failed too often lately and is not called."""

    def __init__(self, model_name: str) -> None:
        super().__init__(model_name, "the breaker is open")


class Busy(ModelAPIError):
    """As many calls as the model takes at once are under way; it is not called. It says nothing about the endpoint."""

    def __init__(self, model_name: str) -> None:
        super().__init__(model_name, "too many calls of the model are under way")


OVERTAKEN, OUTRUN = "overtaken", "outrun"
"""The messages with which a rung's call is cancelled when another one answered, which was asked before, or later."""


class Overtaken(ModelAPIError):
    """The next rung, asked beside this one, answered first."""

    def __init__(self, model_name: str) -> None:
        super().__init__(model_name, "the next rung answered first")


class NothingPrepared(ModelAPIError):
    """There is neither a preset nor a saved answer for the question."""

    def __init__(self) -> None:
        super().__init__("prepared", "nothing is prepared for the question")


class EmptyAnswer(UnexpectedModelBehavior):
    """An answer with neither text nor a tool call."""


class MalformedCall(UnexpectedModelBehavior):
    """A call of a tool that there is not, or with arguments that are no JSON object."""


class Unfit(UnexpectedModelBehavior):
    """An answer that breaks its contract in a way that another answer of the same model would not repair."""


def nothing_said(finish_reason: str | None) -> EmptyAnswer | Unfit:
    """What an empty answer is, by why it ended."""
    if finish_reason in ("length", "content_filter"):
        return Unfit(f"the answer is empty ({finish_reason})")
    return EmptyAnswer("the answer is empty")


def in_brief(error: BaseException) -> str:
    """Why a try brought no answer, in a word or two: nothing of what an endpoint wrote, which may hold anything."""
    if isinstance(error, ModelHTTPError):
        return f"HTTP {error.status_code}"
    for kind, words in _BRIEF:
        if isinstance(error, kind):
            return words
    return type(error).__name__


_BRIEF: tuple[tuple[type[BaseException], str], ...] = (
    (OutOfTime, "out of time"),
    (BreakerOpen, "breaker open"),
    (Busy, "busy"),
    (Overtaken, "overtaken"),
    (ModelRequestTimeout, "timeout"),
    (ModelConnectionError, "no connection"),
    (EmptyAnswer, "empty answer"),
    (MalformedCall, "malformed tool call"),
    (Unfit, "answer unfit"),
    (CancelledError, "cancelled"),
    (GeneratorExit, "cancelled"),
)

_TRANSIENT = (
    ModelConnectionError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
)
_TRANSIENT_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_WRONG_STATUS = frozenset({400, 413, 422})
_NO_VERDICT = (OutOfTime, BreakerOpen, Busy, MalformedCall, Overtaken, Unfit)


def worth_a_try(error: BaseException) -> bool:
    """Whether the same request may succeed at the same endpoint a moment later."""
    if isinstance(error, Unfit):
        return False
    if isinstance(error, ModelHTTPError) and error.status_code in _TRANSIENT_STATUS:
        return not isinstance(error, ModelQuotaExceededError)
    return isinstance(error, _TRANSIENT)


def worth_a_rung(error: Exception) -> bool:
    """Whether another model may answer: everything but a request that is wrong in itself (400, 422).

    Refused credentials and unknown models count, since real outages have looked like that.
    """
    if isinstance(error, ModelAuthenticationError | ModelNotFoundError):
        return True
    if isinstance(error, ModelRequestRejectedError):
        return False
    if isinstance(error, ModelHTTPError) and error.status_code in _WRONG_STATUS:
        return isinstance(error, ModelQuotaExceededError)
    return isinstance(error, ModelAPIError | UnexpectedModelBehavior)


def health_after(error: BaseException) -> Health:
    """What the breaker learns: nothing from a call that was cancelled, never made, or wrong in itself."""
    if isinstance(error, _NO_VERDICT) or not isinstance(error, Exception):
        return Health.UNKNOWN
    return Health.ILL if worth_a_rung(error) else Health.UNKNOWN
