"""Handles clients that hang up: their runs are cancelled or finish, as the profile says."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def watched(request: Request, task: asyncio.Task[Any], cancel: bool) -> AsyncGenerator[None]:
    """Watches the connection while `task` works for it, and leaves no task behind.

    The body has been read before. `cancel` says whether the task is cancelled when the client leaves.
    """
    gone = asyncio.create_task(_gone(request))
    if cancel:
        gone.add_done_callback(lambda watch: watch.cancelled() or task.cancel())
    try:
        yield
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)
