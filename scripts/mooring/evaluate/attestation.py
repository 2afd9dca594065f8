"""What an evaluation found about a release, kept beside it and never part of it: the evidence for its promotion."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from mooring.errors import Failed, Refused
from mooring.evaluate.values import Evidence
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest

FORMAT = "mooring.evidence/v1"
FILE = "evidence.json"
"""The name in the folder that a run writes to."""


@dataclass(frozen=True)
class Asked:
    """One suite: the digest of its content, how many cases it has, and how the trials of all of them ended."""

    digest: str
    cases: int
    passed: int
    failed: int
    errors: int


@dataclass(frozen=True)
class Attestation:
    """The verdict on one release by all suites of its agents, with one class of evidence. Digests begin `sha256:`.

    `attempt` counts the runs of these suites on this release: the second one after a failure is worth less.
    """

    release: str
    environment: str
    evidence: Evidence
    outcome: str  # of the gate: pass, fail or inconclusive
    verdict: str  # the same in a sentence, with the first reason against
    base: str | None  # the release it was compared with
    suites: Mapping[str, Asked]
    seed: int
    started: str  # ISO 8601, UTC
    attempt: int = 1

    @property
    def digest(self) -> str:
        """Names the content; it is written into the file with it."""
        return digest(canonical({"format": FORMAT, **asdict(self)}))

    def to_bytes(self) -> bytes:
        """The content of its file."""
        return json.dumps({"format": FORMAT, **asdict(self), "digest": self.digest}, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Self:
        """The inverse. Refused(TAMPERED) when the content is not what its digest says; `name` is for the message."""
        try:
            value: dict[str, Any] = json.loads(data)
            said, form = value.pop("digest"), value.pop("format")
            suites = {suite: Asked(**asked) for suite, asked in value.pop("suites").items()}
            found = cls(**value, suites=suites)
            if form == FORMAT and said == found.digest:
                return found
        except (ValueError, TypeError, KeyError, AttributeError):
            pass
        raise Refused(Reason.TAMPERED, f"{name} is not evidence as moor eval wrote it", "run moor eval again")


def read(path: Path) -> Attestation:
    """The attestation in a file. Refused(TAMPERED), Refused(NO_EVIDENCE) when there is no such file."""
    try:
        return Attestation.from_bytes(path.read_bytes(), str(path))
    except OSError as error:
        raise Refused(Reason.NO_EVIDENCE, f"cannot read {path}: {error.strerror}") from None


class Attestations:
    """A folder with the newest attestation of each release and class of evidence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, release: str, evidence: Evidence) -> Path:
        return self.folder / f"{release.removeprefix('sha256:')}.{evidence}.json"

    def get(self, release: str, evidence: Evidence) -> Attestation | None:
        """Refused(TAMPERED) when the file was changed, or is of another release or class."""
        path = self.path(release, evidence)
        if not path.exists():
            return None
        found = read(path)
        if (found.release, found.evidence) != (release, evidence):
            raise Refused(Reason.TAMPERED, f"{path} is evidence of something else", "run moor eval again")
        return found

    def put(self, attestation: Attestation) -> Path:
        """The file, replaced whole or not at all. Failed(STORAGE)."""
        path = self.path(attestation.release, attestation.evidence)
        write(path, attestation)
        return path


def write(path: Path, attestation: Attestation) -> None:
    """A whole file or none. Failed(STORAGE)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".evidence-")
        with os.fdopen(handle, "wb") as file:
            file.write(attestation.to_bytes())
        Path(temporary).replace(path)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}", "make room and run it again") from None
