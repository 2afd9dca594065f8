"""A release: its content, its canonical bytes, and the digest that names them."""

from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import ValidationError

from mooring.errors import FindingsError, Refused
from mooring.finding import Finding
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest, parse, read, uncanonical
from mooring.release.content import ReleaseContent


@dataclass(frozen=True, slots=True)
class Release:
    """Immutable. Make one with `of` or `from_bytes`, which hold the three fields together.

    The bytes are kept, not made again: a release stored before the document format gained a field
    keeps its name.
    """

    content: ReleaseContent
    digest: str
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, content: ReleaseContent) -> Self:
        """The release that says `content`. FindingsError for values without a canonical form."""
        value = content.model_dump(mode="json")
        try:
            data = canonical(value)
        except ValueError:
            raise FindingsError(
                [Finding("release", 0, path, message, "canonical") for path, message in uncanonical(value)]
            ) from None
        return cls._made(parse(data), data)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The release in `data`. Refused(TAMPERED) when it is not one, Refused(STALE) when it is another version's."""
        try:
            value = read(data)
        except ValueError as error:
            raise Refused(Reason.TAMPERED, f"this is not a release: {_line(error)}") from None
        return cls._made(value, data)

    @classmethod
    def verified(cls, data: bytes) -> Self:
        """The release in bytes whose digest is known to be right: what wrote them made them canonical. As before."""
        try:
            return cls._made(parse(data), data)
        except ValueError as error:
            raise Refused(Reason.TAMPERED, f"this is not a release: {_line(error)}") from None

    @classmethod
    def _made(cls, value: Any, data: bytes) -> Self:
        try:
            content = ReleaseContent.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "content"
            raise Refused(
                Reason.STALE,
                f"release {digest(data)} does not fit this version of Mooring: {place}: {first['msg']}",
                "build it again from git with this version, or use the version that built it",
            ) from None
        return cls(content, digest(data), data)

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785), without a final newline."""
        return self.data


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
