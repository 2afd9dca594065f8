"""Another arm with a supervisor, which restarts its process once the requests keep failing."""

import asyncio

from mooring.drill.answer import Said
from mooring.drill.arms.arm import Arm
from mooring.spec.drill import Question

FAILURES, RESTART_SECONDS = 3, 5.0
"""It restarts after so many failures in a row, and for so long nobody answers."""


class Supervised:
    """An arm."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._asking: set[asyncio.Task[Said]] = set()
        self._failed = 0
        self._running = asyncio.Event()

    async def start(self) -> None:
        await self._arm.start()
        self._running.set()

    async def ask(self, question: Question) -> Said:
        """Requests that arrive while the process restarts wait in the socket's queue."""
        await self._running.wait()
        task = asyncio.create_task(self._arm.ask(question))
        self._asking.add(task)
        try:
            said = await task
            self._failed = 0
            return said
        except asyncio.CancelledError:
            return Said("", "", error="restarted")
        except Exception:
            self._failed += 1
            if self._failed >= FAILURES:
                await self._restart()
            raise
        finally:
            self._asking.discard(task)

    async def close(self) -> None:
        await self._arm.close()

    def retries(self) -> tuple[int, int]:
        return self._arm.retries()

    async def _restart(self) -> None:
        self._failed = 0
        self._running.clear()
        for task in self._asking:
            task.cancel()
        await asyncio.sleep(RESTART_SECONDS)
        self._running.set()
