"""The steps of one run: done once, written down in order, and replayed when the run goes on elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(eq=False)
class Entry:
    """A step that was done; `written` is done once it is on disk."""

    name: str
    value: JsonValue
    written: asyncio.Future[None]


class Steps:
    """`recorded` are the steps that an earlier process wrote down, by name.

    Entries are written in the order in which they ended, each only after the one before it. So what is on disk
    never has a gap: a run that goes on from there repeats what came last, and takes nothing for done that was not.
    """

    def __init__(self, recorded: Mapping[str, JsonValue], settle: Callable[[Entry], Awaitable[None]]) -> None:
        self.entries: list[Entry] = []
        self._recorded = recorded
        self._settle = settle
        self._models = 0

    async def step(
        self, name: str, body: Callable[[], Awaitable[JsonValue]], settles: Callable[[], bool] = lambda: True
    ) -> tuple[JsonValue, bool]:
        """What `body` returns, and whether that was known from before. An error of `body` is not written down.

        Unless it `settles`, it is not waited for but written with what comes next: another step, or the run's end.
        """
        if name in self._recorded:
            return self._recorded[name], True
        entry = Entry(name, await body(), asyncio.get_running_loop().create_future())
        self.entries.append(entry)
        if settles():
            await self._settle(entry)
        return entry.value, False

    def next_model(self) -> str:
        """The name of the next model call. They come one after the other."""
        self._models += 1
        return f"model:{self._models}"

    def tool(self, call: str) -> str:
        """The name of a tool's call, by the model's name for it: ids need be unique in one response only."""
        return f"tool:{self._models}:{call}"


STEPS: ContextVar[Steps | None] = ContextVar("mooring_steps", default=None)
"""The steps of the run in whose context the code runs; None when nothing is written down."""
