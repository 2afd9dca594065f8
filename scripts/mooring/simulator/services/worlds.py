"""Services in which no run sees what another one did: each has a database of its own, as it was at the start."""

import re
import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.simulator.services.database import Database

RUN: ContextVar[str] = ContextVar("simulator_run", default="")
"""The run whose tools are calling, by the header the runtime sends."""

MOST = 512
"""Worlds kept at a time; the one that was used longest ago goes first."""

_HEADER = b"x-mooring-run"


@dataclass(frozen=True, slots=True)
class Worlds(Database):
    """The database at `path` is the world that every run begins with, and is never changed."""

    _kept: "OrderedDict[str, Path]" = field(default_factory=OrderedDict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        run = RUN.get()
        with Database(self._world(run) if run else self.path).transaction() as connection:
            yield connection

    def _world(self, run: str) -> Path:
        with self._lock:
            world = self._kept.get(run)
            if world is None:
                world = self.path.with_name(f"world-{re.sub(r'[^0-9A-Za-z_-]', '', run)[:80]}.db")
                shutil.copyfile(self.path, world)
                self._kept[run] = world
            self._kept.move_to_end(run)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)[1].unlink(missing_ok=True)
        return world


class InWorld:
    """Puts the run that calls a service where `Worlds` finds it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = RUN.set(dict(scope.get("headers", ())).get(_HEADER, b"").decode("latin-1"))
        try:
            await self.app(scope, receive, send)
        finally:
            RUN.reset(token)
