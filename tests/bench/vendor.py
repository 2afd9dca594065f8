"""A model's endpoint that costs next to nothing, in a process of its own: what is measured is who calls it.

`primary-1` answers 503 from `PUT /down` until `DELETE /down`; every other model always answers.
"""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from tests.runtime.hosting import Serving

_JSON = [(b"content-type", b"application/json")]
_DOWN = json.dumps({"error": {"message": "down", "type": "server_error", "code": None}}).encode()


class Vendor:
    """An ASGI app."""

    def __init__(self) -> None:
        self.down = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return None
        body = b""
        while (event := await receive())["type"] == "http.request":
            body += event["body"]
            if not event.get("more_body"):
                break
        if scope["path"] == "/down":
            self.down = scope["method"] == "PUT"
            return await _answer(send, 200, b"{}")
        model = json.loads(body)["model"]
        if self.down and model == "primary-1":
            return await _answer(send, 503, _DOWN)
        return await _answer(send, 200, _completion(model))


def _completion(model: str) -> bytes:
    message = {"role": "assistant", "content": "Your order is on its way."}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    head = {"id": "stub", "object": "chat.completion", "created": 1, "model": model}
    return json.dumps(head | {"choices": choices, "usage": usage}).encode()


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [*_JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def host(parent: Connection) -> None:
    """For `process`."""
    parent.send(Serving(Vendor()).start().url)
    time.sleep(3600)


@contextmanager
def process(hosting: Callable[..., None], *args: Any) -> Iterator[tuple[str, int]]:
    """The URL and process id of something hosted in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=hosting, args=(theirs, *args), daemon=True)
    child.start()
    try:
        yield ours.recv(), child.pid or 0
    finally:
        child.terminate()
        child.join()
