"""The API keys of an environment: hashes with names, owners, limits and ends. A key itself is nowhere."""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints, ValidationError

from mooring.spec.access import Agents, Label, Limits, Role
from mooring.spec.document import Part
from mooring.state.records import keys as stored
from mooring.state.records import keys_copy

if TYPE_CHECKING:
    import sqlalchemy as sa

    from mooring.state.transactions import Transactions

_PREFIX = "moor"


class StoredKey(Part):
    """One key. `hash` is the SHA-256 of the whole key; its 256 random bits need no slower one.

    Times are Unix time. Keys of one name replace each other: while one is rotated, both work.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
    name: Label
    tenant: Label | None
    role: Role
    agents: Agents | None = None
    limits: Limits = Limits()
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created: float
    ends: float | None = None

    def works(self, now: float) -> bool:
        """Whether it has not ended."""
        return self.ends is None or now < self.ends


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> tuple[str, str, str]:
    """A new key: the key, its id, which it begins with, and its hash."""
    number = secrets.token_hex(4)
    key = f"{_PREFIX}_{number}_{secrets.token_urlsafe(32)}"
    return key, number, digest(key)


def read(keys: Mapping[str, str]) -> tuple[StoredKey, ...]:
    """Keys as the database has them. Raises ValueError when one is damaged."""
    try:
        return tuple(StoredKey.model_validate_json(data) for data in keys.values())
    except ValidationError as error:
        raise ValueError(f"a stored key is damaged: {error.errors()[0]['msg']}") from error


class Keys:
    """The keys in an environment's database, changed by one process at a time. `folder` has this machine's copy."""

    def __init__(self, database: "Transactions", folder: Path) -> None:
        self._database, self._folder = database, folder

    def read(self) -> tuple[StoredKey, ...]:
        """All keys, ended ones too. Raises Unavailable, ValueError."""
        return read(self._database.read(stored.read))

    def change(self, work: Callable[[tuple[StoredKey, ...]], Sequence[StoredKey]]) -> None:
        """Replaces all keys by what `work` makes of them.

        Raises Unavailable, OSError, ValueError, and what `work` raises; then nothing was changed.
        """

        def changed(connection: "sa.Connection") -> tuple[int, dict[str, str]]:
            if stored.changes(connection) == 0:
                keys_copy.read(self._folder)  # one of an earlier version that cannot be read must not be written over
            before = stored.change(connection)
            after = {key.hash: key.model_dump_json() for key in work(read(before))}
            stored.write(connection, before, after, time.time())
            return stored.changes(connection), after

        change, keys = self._database.write(changed)
        with suppress(OSError):  # every process that serves here writes it too
            keys_copy.write(self._folder, change, keys)
