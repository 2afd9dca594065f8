"""JSON that says its own digest, so that a change by hand shows: evidence is kept like that."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from mooring.catalog.schemas import replace_text
from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest


class Sealed:
    """What the dataclasses of evidence have in common."""

    FORM: ClassVar[str]

    @property
    def digest(self) -> str:
        """Names the content; it is written into the file with it."""
        return digest_of(self.FORM, _values(self))

    def to_bytes(self) -> bytes:
        """The content of its file."""
        return seal(self.FORM, _values(self))


def _values(sealed: Any) -> dict[str, Any]:
    return asdict(sealed)


def digest_of(form: str, value: Mapping[str, Any]) -> str:
    """Names the content, its format included."""
    return digest(canonical({"format": form, **value}))


def seal(form: str, value: Mapping[str, Any]) -> bytes:
    """The content of a file."""
    return json.dumps({"format": form, **value, "digest": digest_of(form, value)}, indent=1).encode() + b"\n"


def unseal(form: str, data: bytes, name: str, command: str) -> dict[str, Any]:
    """The inverse. Refused(TAMPERED) when the content is not what its digest says.

    `name` and `command`, which writes such files, are for the message.
    """
    try:
        value: dict[str, Any] = json.loads(data)
        said, found = value.pop("digest"), value.pop("format")
        if found == form and said == digest_of(form, value):
            return value
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise tampered(name, command)


def write(path: Path, content: bytes) -> None:
    """A whole file or none. Failed(STORAGE)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, content.decode())
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}", "make room and run it again") from None


def tampered(name: str, command: str) -> Refused:
    """What is raised for a file that was changed."""
    return Refused(Reason.TAMPERED, f"{name} is not evidence as {command} wrote it", f"run {command} again")
