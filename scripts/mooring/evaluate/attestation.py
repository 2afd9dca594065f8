"""What an evaluation found about a release, kept beside it and never part of it: the evidence for its promotion."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mooring.errors import Refused
from mooring.evaluate.values import Evidence
from mooring.outcome import Reason
from mooring.release.sealed import Sealed, tampered, unseal, write

FORMAT, COMMAND = "mooring.evidence/v1", "moor eval"
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
class Attestation(Sealed):
    """The verdict on one release by all suites of its agents, with one class of evidence. Digests begin `sha256:`.

    `attempt` counts the runs of these suites on this release: the second one after a failure is worth less.
    """

    FORM = FORMAT

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

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Self:
        """The inverse. Refused(TAMPERED) when the content is not what its digest says; `name` is for the message."""
        value = unseal(FORMAT, data, name, COMMAND)
        try:
            suites = {suite: Asked(**asked) for suite, asked in value.pop("suites").items()}
            return cls(**value, suites=suites)
        except (TypeError, KeyError, AttributeError):
            raise tampered(name, COMMAND) from None


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
        write(path, attestation.to_bytes())
        return path
