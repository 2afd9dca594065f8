"""A release with everything that speaks for it, as one file: content, plan, evidence and commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest, read
from mooring.release.release import Release

FORMAT = "mooring.bundle/v1"
MOST = 64 * 1024 * 1024
"""Bytes of a bundle that are read."""

_FIELDS = {"format", "release", "environment", "content", "plan", "evidence", "commit", "made"}


@dataclass(frozen=True)
class Bundle:
    """`plan` is the data of a plan, None where none was made; `evidence` are files of evidence, as JSON.

    `made` is ISO 8601 in UTC. The bytes are canonical JSON, so that one bundle has one signature.
    """

    release: Release
    plan: Mapping[str, Any] | None
    evidence: tuple[Mapping[str, Any], ...]
    commit: str | None
    made: str

    @property
    def environment(self) -> str:
        return self.release.content.environment.name

    def to_bytes(self) -> bytes:
        """The content of its file."""
        return canonical(
            {
                "format": FORMAT,
                "release": self.release.digest,
                "environment": self.environment,
                "content": read(self.release.to_bytes()),
                "plan": self.plan,
                "evidence": list(self.evidence),
                "commit": self.commit,
                "made": self.made,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Self:
        """The inverse. Refused(TAMPERED) when it is none, or holds another release than it says."""
        try:
            value = read(data)
            if value["format"] != FORMAT or set(value) != _FIELDS:
                raise ValueError(FORMAT)
            content = canonical(value["content"])
            evidence = tuple(dict(one) for one in value["evidence"])
            plan = None if value["plan"] is None else dict(value["plan"])
        except (ValueError, TypeError, KeyError, AttributeError):
            fix = "moor release export makes one"
            raise Refused(Reason.TAMPERED, f"{name} is not a bundle of a release", fix) from None
        if digest(content) != value["release"]:
            raise Refused(Reason.TAMPERED, f"{name} holds {digest(content)}, and says that it is {value['release']}")
        release = Release.from_bytes(content)
        if release.content.environment.name != value["environment"]:
            raise Refused(Reason.TAMPERED, f"{name} says that it is for {value['environment']}, and is not")
        return cls(release, plan, evidence, value["commit"], str(value["made"]))


def read_bytes(path: Path) -> bytes:
    """The bytes of a bundle. Failed(STORAGE), Refused(TAMPERED) for a file that is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot read {path}: {error.strerror}") from None
    if len(data) > MOST:
        raise Refused(Reason.TAMPERED, f"{path} is larger than {MOST // 1024 // 1024} MiB, which no bundle is")
    return data
