"""How late the event loop is, measured in the loop; and who holds it up, seen by a thread beside it."""

import asyncio
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType

from prometheus_client import Histogram

from mooring.runtime.core.logs import LOGGER

TICK = 0.1
"""Seconds between two ticks. A tick costs some 20 microseconds."""

RECENT = 2.0
"""Seconds a late tick is remembered: whoever asks while the loop stands still is heard only after it went on."""


class LoopLag:
    """Ticks in the running loop; `seconds()` is how late it is, or was a moment ago.

    When one callback holds the loop up for more than `limit` seconds, the log says once which line it stands in. Many
    callbacks at once make it late as well, but then no line is to blame, and the log says that there is too much to do.
    """

    def __init__(self, limit: float, histogram: Histogram, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._histogram, self._clock = histogram, clock
        self._due = clock() + TICK
        self._late: deque[tuple[float, float]] = deque(maxlen=int(RECENT / TICK))
        self._task: asyncio.Task[None] | None = None
        self._ended = threading.Event()
        self._loop_thread = threading.get_ident()

    def start(self) -> None:
        """Begins to tick in the running loop, and to watch it."""
        self._loop_thread = threading.get_ident()
        self._due = self._clock() + TICK
        self._task = asyncio.get_running_loop().create_task(self._tick(), name="loop-lag")
        threading.Thread(target=self._watch, name="loop-watch", daemon=True).start()

    def stop(self) -> None:
        """Ends the ticks."""
        self._ended.set()
        if self._task:
            self._task.cancel()

    def seconds(self) -> float:
        """The worst delay of the last `RECENT` seconds, which is what a callback of the loop waited. 0 when in time."""
        after = self._clock() - RECENT
        return max(self._overdue(), *(late for at, late in self._late if at > after), 0.0)

    def _overdue(self) -> float:
        return max(0.0, self._clock() - self._due)

    async def _tick(self) -> None:
        while True:
            self._due = self._clock() + TICK
            await asyncio.sleep(TICK)
            late = self._overdue()
            self._late.append((self._clock(), late))
            self._histogram.observe(late)

    def _watch(self) -> None:
        told, before = False, None
        while not self._ended.wait(max(self.limit / 2, 0.05)):
            late = self._overdue() > self.limit
            frame = sys._current_frames().get(self._loop_thread) if late else None
            running = _callback(frame)
            if running and before and not told:
                told = True
                if running is before:
                    LOGGER.error("event loop stands still", extra={"where": _place(frame)})
                else:
                    LOGGER.warning("event loop is late: more to do than one process can")
            before, told = running, told and late


def _callback(frame: FrameType | None) -> FrameType | None:
    """The frame in which the loop runs the present callback: another one for each."""
    while frame and frame.f_code is not asyncio.Handle._run.__code__:
        frame = frame.f_back
    return frame


def _place(frame: FrameType | None) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""
