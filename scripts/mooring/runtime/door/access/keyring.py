"""The keys of an environment: those its document names, and those of `moor keys`."""

import time
from collections.abc import Callable, Mapping

from mooring.runtime.core.keyfile import KeyFile, StoredKey, digest
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.door.access.grant import Grant, grant
from mooring.spec.access import Access

LOOK_SECONDS = 0.2
"""Between two looks whether the file of keys has changed: that late a revoked key is refused at most."""

SHORTEST = 16
"""Characters of a key by reference; what is shorter could be guessed."""


class Keyring:
    """Finds what a key allows. A file that cannot be read leaves the keys as they were, and is logged."""

    def __init__(
        self, access: Access, file: KeyFile, environ: Mapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._access, self._file, self._clock = access, file, clock
        self._named = dict(_by_reference(access, environ))
        self._stored: dict[str, Grant] = {}
        self._stamp: object = ()
        self._looked = float("-inf")

    def find(self, key: str) -> Grant | None:
        """What a key allows; None for one that is unknown, revoked or over.

        Keys are found by their hash, so the time that takes says nothing about any key.
        """
        self._look()
        known = digest(key)
        found = self._named.get(known) or self._stored.get(known)
        return found if found and (found.ends is None or self._clock() < found.ends) else None

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        try:
            stamp = self._file.stamp()
            if stamp != self._stamp:
                self._stored = {key.hash: found for key in self._file.read() if (found := self._granted(key))}
                self._stamp = stamp
        except (OSError, ValueError):
            LOGGER.exception("keys cannot be read; those known before go on working")

    def _granted(self, key: StoredKey) -> Grant | None:
        return grant(self._access, key.name, key.tenant, key.role, key.agents, key.limits, key.ends)


def _by_reference(access: Access, environ: Mapping[str, str]) -> dict[str, Grant]:
    """Keys of the document whose variable is set."""
    found = {}
    for key in access.keys:
        variable = key.secret_ref.removeprefix("env:")
        value = environ.get(variable, "").strip()
        if len(value) < SHORTEST:
            words = "is not set" if not value else f"has less than {SHORTEST} characters"
            LOGGER.error("key %s does not work: environment variable %s %s", key.name, variable, words)
            continue
        ends = key.ends.timestamp() if key.ends else None
        if allowed := grant(access, key.name, key.tenant, key.role, key.agents, key.limits, ends):
            found[digest(value)] = allowed
    return found
