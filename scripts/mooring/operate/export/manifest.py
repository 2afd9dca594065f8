"""Manifests: what a copy consists of. One is written last, and only where there is none of its name."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from mooring.errors import Refused
from mooring.outcome import Reason

FORMAT = "mooring.export/v1"
SUFFIX = ".json"

TOMBSTONES = "tombstones"
"""The file of `memory` that says what was forgotten, in lines that need no engine to be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """An object with rows. `mark` is decided by the rows, and is its name; `sha256` is of the bytes that are stored."""

    mark: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class File:
    """What its parts make when they are put together."""

    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A collection at one moment: `at`, seconds since the epoch. Copies that were made together have one `id`.

    `origin` is the database, `code` the version of Mooring. `engine`, `engine_version`, `migrations`, `tables` and
    `stream` are as in `Facts`.
    """

    environment: str
    collection: str
    id: str
    at: float
    origin: str
    code: str
    engine: str
    engine_version: str
    migrations: tuple[str, ...]
    tables: dict[str, dict[str, Any]]
    stream: dict[str, Any]
    encrypted: bool
    files: tuple[File, ...]

    @property
    def name(self) -> str:
        """By which it is listed, held and restored."""
        return f"{self.collection}/{self.id}"

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in order."""
        return tuple(part for file in self.files for part in file.parts)

    @property
    def size(self) -> int:
        """What it takes at the destination, as if nothing else had the same parts."""
        return sum(part.bytes for part in self.parts)

    @property
    def rows(self) -> int:
        return sum(int(table["rows"]) for table in self.tables.values())

    def write(self) -> bytes:
        """The text of the manifest, with a checksum of it."""
        data = {"format": FORMAT, **asdict(self)}
        return json.dumps({**data, "checksum": _checksum(data)}, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, name: str, text: bytes) -> Self:
        """Raises Refused(TAMPERED) for what is no manifest, or was changed after it was written."""
        try:
            data = json.loads(text)
            if data.pop("checksum") != _checksum(data):
                raise ValueError("its checksum is of another text")
            if (found := data.pop("format")) != FORMAT:
                raise ValueError(f"its format is {found!r}, this version reads {FORMAT!r}")
            files = tuple(File(one["name"], tuple(Part(**part) for part in one["parts"])) for one in data.pop("files"))
            made = cls(**{**data, "files": files, "migrations": tuple(data["migrations"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(Reason.TAMPERED, f"the manifest {name} is not as it was written: {_line(error)}") from None
        if made.name != name:
            raise Refused(Reason.TAMPERED, f"the manifest {name} is that of {made.name}")
        return made


def identify(at: float) -> str:
    """The id of copies that are made at a time: they sort as they were made."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


def place(name: str) -> str:
    """Where the manifest of a copy is."""
    return f"copies/{name}{SUFFIX}"


def _checksum(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
