"""The file of an environment's API keys: hashes with names, owners, limits and ends. A key itself is nowhere."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from mooring import private
from mooring.spec.access import Agents, Label, Limits, Role
from mooring.spec.document import Part

KEYS = "keys.json"
"""Its name in the state folder."""

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


_KEYS = TypeAdapter(Annotated[tuple[StoredKey, ...], Field(max_length=100_000)])


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> tuple[str, str, str]:
    """A new key: the key, its id, which it begins with, and its hash."""
    number = secrets.token_hex(4)
    key = f"{_PREFIX}_{number}_{secrets.token_urlsafe(32)}"
    return key, number, digest(key)


class KeyFile:
    """Read by both slots whenever it changes; changed by one process at a time, whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> tuple[int, int, int] | None:
        """Another value after every change; None while there is no file. Raises OSError."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def read(self) -> tuple[StoredKey, ...]:
        """All keys, ended ones too. Raises OSError, and ValueError when the file is damaged."""
        try:
            return _KEYS.validate_python(json.loads(self.path.read_bytes())["keys"])
        except FileNotFoundError:
            return ()
        except (KeyError, TypeError, ValidationError) as error:
            raise ValueError(f"{self.path} is damaged") from error

    def change(self, work: Callable[[tuple[StoredKey, ...]], Sequence[StoredKey]]) -> None:
        """Replaces all keys by what `work` makes of them. Raises OSError, ValueError, and what `work` raises."""
        with self._locked():
            keys = work(self.read())
            data = json.dumps({"keys": [key.model_dump(mode="json") for key in keys]}, indent=2)
            fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}~")
            fresh.unlink(missing_ok=True)
            with private.file(fresh).open("w", encoding="utf-8") as file:
                file.write(data + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)

    @contextmanager
    def _locked(self) -> Generator[None]:
        with private.file(self.path.with_name(f"{self.path.name}.lock")).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
