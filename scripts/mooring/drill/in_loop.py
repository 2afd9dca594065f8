"""Doubles of what works in threads and processes, whose time a virtual clock does not see."""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, TypeVar

from mooring.runtime.agent.tools import worker
from mooring.runtime.agent.tools.binding import Call, CallFailed
from mooring.runtime.agent.tools.result import read
from mooring.runtime.agent.tools.workers import Workers

T = TypeVar("T")


class AtOnce(ThreadPoolExecutor):
    """An executor without threads: what is submitted is done before that returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
            future.set_exception(error)
        return future


class InLoop(Workers):
    """Python tools in this process: the same modules and function, without limits of memory and time."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        super().__init__(modules, {})
        self._sources = worker.Sources(modules)

    async def call(self, callable_: str, call: Call) -> Any:
        """The value that a function returns. Raises CallFailed."""
        request = asdict(call) | {"callable": callable_, "arguments": dict(call.arguments)}
        with ThreadPoolExecutor(1) as aside:  # in which a coroutine has an event loop of its own
            reply = read(aside.submit(self._answer, request).result())
        if "result" not in reply:
            raise CallFailed(str(reply["error"]))
        return reply["result"]

    def _answer(self, request: dict[str, Any]) -> bytes:
        sys.meta_path.insert(0, self._sources)
        try:
            return worker.answer(request)
        finally:
            sys.meta_path.remove(self._sources)
