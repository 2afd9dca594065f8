"""Releases that runs began with on another machine, brought here before their agents are asked for."""

import asyncio
from pathlib import Path

from mooring.errors import MooringError
from mooring.release.release import Release
from mooring.release.store import RELEASES, Store
from mooring.runtime.core.logs import LOGGER
from mooring.state.database import Database
from mooring.state.records import releases
from mooring.state.unavailable import Unavailable


class StoredReleases:
    """Those in the database, as files that agents are built from. `folder` is the state folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self.files = database, Store(folder / RELEASES)

    async def fetch(self, digest: str) -> None:
        """Makes the file of a release when it is missing. When it cannot, whoever asks for the release finds none."""
        if digest in self.files:
            return
        try:
            content = await self._database.read(lambda connection: releases.get(connection, digest))
            if content is not None:
                await asyncio.to_thread(lambda: self.files.put(Release.from_bytes(content)))
        except (MooringError, Unavailable) as error:
            LOGGER.error("release %s cannot be fetched: %s", digest, error)
