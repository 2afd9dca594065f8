"""The keys of callers as a slot knows them: those of the database, looked at several times a second.

While the database does not answer, the keys known last go on holding: nobody is locked out, and a key that was revoked
since works until it answers. `/healthz` and the log say since when. A process that starts then goes by the copy.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mooring.runtime.core.keys import StoredKey, read
from mooring.runtime.core.logs import LOGGER
from mooring.state.database import Database
from mooring.state.records import keys, keys_copy
from mooring.state.unavailable import Unavailable

LOOK_SECONDS = 0.3
"""Between two looks whether keys have changed."""


class KnownKeys:
    """`all` are the keys by their hash, ended ones too: another object whenever they have changed."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder
        self.all: Mapping[str, StoredKey] = {}
        self._change: int | None = None
        self._copied: Mapping[str, str] | None = None
        self.confirmed: float | None = None
        """When the database last said that these are the keys, Unix time; None when it never did."""
        self.holds = True
        """Whether it said so at the last look."""
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reads the keys, and goes on looking until `close`."""
        with suppress(OSError, ValueError):
            if copied := await asyncio.to_thread(keys_copy.read, self._folder):
                self._copied, self.all = copied.keys, _readable(copied.keys)
        await self.look()
        self._watching = asyncio.create_task(self._watch(), name="keys")

    async def close(self) -> None:
        if self._watching:
            self._watching.cancel()

    @property
    def since(self) -> str:
        """What is to be said while the database does not answer."""
        when = datetime.fromtimestamp(self.confirmed, UTC).strftime("%H:%M:%S UTC") if self.confirmed else "the copy"
        return f"the database does not answer; the keys as of {when} hold"

    async def look(self) -> None:
        """Reads the keys when they have changed."""
        try:
            if await self._database.read(keys.changes) != self._change:
                change, found = await self._database.read(lambda c: (keys.changes(c), keys.read(c)))
                self._change, self.all = change, _readable(found)
                await self._copy(change, found)
        except Unavailable as error:
            if self.holds:
                LOGGER.error("%s (%s)", self.since, error)
            self.holds = False
        else:
            if not self.holds:
                LOGGER.info("keys are read again")
            self.holds, self.confirmed = True, time.time()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - whatever it was this time, the next look may find something
                LOGGER.exception("keys cannot be looked at")

    async def _copy(self, change: int, found: Mapping[str, str]) -> None:
        if found == self._copied:
            return
        try:
            await asyncio.to_thread(keys_copy.write, self._folder, change, found)
            self._copied = found
        except OSError as error:
            LOGGER.error("keys cannot be copied to %s: %s", self._folder, error)


def _readable(found: Mapping[str, str]) -> dict[str, StoredKey]:
    known = {}
    for hashed, data in found.items():
        try:
            (known[hashed],) = read({hashed: data})
        except ValueError:
            LOGGER.exception("a key is damaged and does not work", extra={"hash": hashed[:8]})
    return known
