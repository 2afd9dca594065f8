"""Handles clients that hang up: their runs are cancelled or finish, as the profile says."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from mooring import spec


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def watched(request: Request, task: asyncio.Task[Any], profile: spec.Resilience) -> AsyncGenerator[None]:
    """Watches the connection while `task` works for it, and leaves no task behind.

    The body has been read before. When the client leaves, the task is cancelled unless the profile says `finish`.
    """
    gone = asyncio.create_task(_gone(request))
    if profile.on_disconnect == "cancel":
        gone.add_done_callback(lambda watch: watch.cancelled() or task.cancel())
    try:
        yield
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)
