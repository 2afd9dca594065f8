"""How the demo services answer: JSON, errors with a code, effects that happen once."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse

Clock = Callable[[], datetime]
"""Now, with a time zone."""


class Query(BaseModel):
    """What a caller sends; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


Q = TypeVar("Q", bound=Query)


class Wrong(Exception):
    """The call cannot be answered: an HTTP status, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def refuse(_: Request, error: Exception) -> JSONResponse:
    """The response for Wrong."""
    status, code = (error.status, error.code) if isinstance(error, Wrong) else (500, "internal")
    return JSONResponse({"error": {"code": code, "message": str(error)}}, status)


def checked(model: type[Q], data: Mapping[str, Any] | bytes) -> Q:
    """A query, or the bytes of a JSON body, as a model. Raises Wrong: 400 for no JSON, 422 naming every fault."""
    try:
        return model.model_validate_json(data) if isinstance(data, bytes) else model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        if any(detail["type"] == "json_invalid" for detail in details):
            raise Wrong(400, "no-json", "The body is no JSON.") from None
        places = (f"{'.'.join(map(str, detail['loc'])) or 'body'}: {detail['msg']}" for detail in details)
        raise Wrong(422, "invalid", "; ".join(places)) from None


def once(connection: sqlite3.Connection, request: Request, effect: Callable[[], dict[str, Any]]) -> JSONResponse:
    """201 with what `effect` returns; with an `Idempotency-Key` seen before, what it returned then, and no effect.

    A key counts for one path, from the first effect that succeeded. The answer given again says so in a header.
    """
    path, key = request.url.path, request.headers.get("idempotency-key")
    row = connection.execute("SELECT body FROM effects WHERE path = ? AND key = ?", (path, key)).fetchone()
    if row is not None:
        return JSONResponse(json.loads(row["body"]), 201, {"Idempotent-Replay": "true"})
    body = effect()
    if key is not None:
        connection.execute("INSERT INTO effects VALUES (?, ?, ?)", (path, key, json.dumps(body)))
    return JSONResponse(body, 201)
