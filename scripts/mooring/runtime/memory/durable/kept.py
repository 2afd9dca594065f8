"""A run on its way from the event loop of the answers to that of the database."""

import asyncio
from dataclasses import replace
from typing import Any

from mooring.runtime.memory.run import Run
from mooring.runtime.memory.steps import Entry
from mooring.runtime.memory.store import StoredRun


class Kept:
    """`news` belongs to the database's loop, everything else to that of the answers; `entries` only ever grows.

    A `strict` run begins only once its row is in the database, and is its own. `fresh` ones have no steps there.
    """

    def __init__(self, run: Run, strict: bool, fresh: bool) -> None:
        self.run, self.strict, self.fresh = run, strict, fresh
        self.id = run.request.id
        self.entries: list[Entry] = []
        self.ended: dict[str, Any] | None = None
        self.news = asyncio.Event()
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.taken.add_done_callback(lambda future: future.cancelled() or future.exception())


def as_data(run: StoredRun) -> dict[str, Any]:
    """A stored run as a JSON value."""
    return vars(run) | {"messages": run.messages.decode() if run.messages else None}


def of_data(data: dict[str, Any]) -> StoredRun:
    """The stored run that a JSON value is."""
    made = StoredRun(**data)
    return replace(made, messages=data["messages"].encode() if data["messages"] else None)
