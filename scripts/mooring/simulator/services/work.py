"""Where the work of a service is done, which reads and writes a database."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

Work = Callable[..., Awaitable[Any]]
"""Calls a function with arguments, and returns what it returns."""

IN_THREADS: Work = run_in_threadpool


async def at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    """In the event loop. In virtual time nobody waits for a thread: the clock would go on to the next time limit."""
    return function(*arguments)
