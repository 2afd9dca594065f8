"""The adapters of connected platforms, as the live release's Chat document says."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from mooring.chat.platforms.platform import Adapter
from mooring.errors import MooringError

if TYPE_CHECKING:
    from mooring.spec.chat import Chat, Platform

Make = Callable[["Chat", "Platform"], Adapter]
"""Makes the adapter of a platform that a document connects. Raises MooringError where a secret is missing."""

log = logging.getLogger("mooring.chat")


class Connected:
    """Makes each when it is first asked for, and again when the document says otherwise. Any thread may use it."""

    def __init__(self, document: "Callable[[], Chat | None]", make: Make) -> None:
        self._document, self._make = document, make
        self._lock = threading.Lock()
        self._made_of: Chat | None = None
        self._adapters: dict[str, Adapter | None] = {}
        self._left: list[Adapter] = []

    def __call__(self, platform: str) -> Adapter | None:
        """That of a platform; None where it is not connected, or cannot be: the log says why, once."""
        document = self._document()
        with self._lock:
            if document != self._made_of:
                self._left += filter(None, self._adapters.values())
                self._made_of, self._adapters = document, {}
            name = next((each for each in document.platforms if each == platform), None) if document else None
            if document is None or name is None:
                return None
            if name not in self._adapters:
                self._adapters[name] = self._made(document, name)
            return self._adapters[name]

    @property
    def platforms(self) -> tuple[str, ...]:
        """Those that are connected."""
        document = self._document()
        return document.platforms if document else ()

    async def close(self) -> None:
        """Closes their connections."""
        adapters = [*self._left, *filter(None, self._adapters.values())]
        await asyncio.gather(*(adapter.close() for adapter in adapters), return_exceptions=True)

    def _made(self, document: "Chat", platform: "Platform") -> Adapter | None:
        try:
            return self._make(document, platform)
        except MooringError as error:
            log.error("%s is not connected: %s", platform, error)
            return None
