"""One endpoint: what the server routes by, and what the API's description says of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]
AGENT = "{agent}"
"""Stands for an agent's name in an example."""

JSON, TEXT, STREAM = "application/json", "text/plain", "text/event-stream"


@dataclass(frozen=True)
class Endpoint:
    """`answers` are its good answers by status: a model for JSON, None for no body.

    `errors` are codes that the endpoint itself has; those that any may have are added. `also` are further media types
    of the good answer. `query` holds the schemas of query parameters, `once` says whether it takes an Idempotency-Key.
    `links` says by which paths what it answers is found, and where in the answer their `id` is.
    `example` is a body but for the agent, which is the caller's first one.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    body_required: bool = True
    errors: tuple[str, ...] = ()
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    once: bool = False
    headers: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, Any] | None = None
