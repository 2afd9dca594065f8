"""The keys of an environment: those its document names, and those of `moor keys`."""

import time
from collections.abc import Callable, Mapping

from mooring.runtime.core.keys import StoredKey, digest
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.door.access.grant import Grant, grant
from mooring.runtime.memory.known_keys import KnownKeys
from mooring.spec.access import Access

SHORTEST = 16
"""Characters of a key by reference; what is shorter could be guessed."""


class Keyring:
    """Finds what a key allows."""

    def __init__(
        self, access: Access, known: KnownKeys, environ: Mapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._access, self._known, self._clock = access, known, clock
        self._named = dict(_by_reference(access, environ))
        self._stored: dict[str, Grant] = {}
        self._seen: Mapping[str, StoredKey] = {}

    def find(self, key: str) -> Grant | None:
        """What a key allows; None for one that is unknown, revoked or over.

        Keys are found by their hash, so the time that takes says nothing about any key.
        """
        if self._seen is not self._known.all:
            self._seen = self._known.all
            self._stored = {key: found for key, data in self._seen.items() if (found := self._granted(data))}
        known = digest(key)
        found = self._named.get(known) or self._stored.get(known)
        return found if found and (found.ends is None or self._clock() < found.ends) else None

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
