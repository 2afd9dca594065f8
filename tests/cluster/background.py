"""An event loop in a thread of its own, so that ordinary tests look at what goes on beside them."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Background:
    """Runs until `stop`; everything in it is of one thread and needs no locks."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="cluster", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result], timeout: float = 60) -> Result:
        """The result of what is run there. Raises what it raises, and TimeoutError after `timeout` seconds."""
        return self.start(work).result(timeout)

    def start(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def stop(self) -> None:
        """Cancels what still runs, and what begins meanwhile, and ends the thread."""
        self.run(_cancelled())
        self.run(self.loop.shutdown_asyncgens())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        self.loop.close()


async def _cancelled() -> None:
    end = asyncio.get_running_loop().time() + 5
    while (others := asyncio.all_tasks() - {asyncio.current_task()}) and asyncio.get_running_loop().time() < end:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1)
