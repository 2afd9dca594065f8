"""An event loop whose clock jumps to the next timer when nothing else is left to do: hours pass in milliseconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Loop(asyncio.SelectorEventLoop):
    """Its time begins at 0. For coroutines that wait for each other and for timers; not for threads or sockets."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self.now


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen again"
            self._loop.now += timeout
        return ready


def run(scene: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to, in virtual time."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(scene)
