"""What drills found about a release, kept beside it like the evidence of an evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mooring.drill.arms.names import BASE, HEAD
from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest
from mooring.release.release import Release
from mooring.release.sealed import Sealed, tampered, unseal
from mooring.spec.drill import Drill

FORMAT, COMMAND = "mooring.drills/v1", "moor drill"
FILE = "evidence.json"
"""The name in the folder that a run writes to."""

EVIDENCE = "drill"
"""The class of this evidence."""


@dataclass(frozen=True)
class Found:
    """One drill: the digest of its content, and what the release kept of it. Shares are 0..1, times seconds."""

    digest: str
    questions: int
    availability: float
    p99_seconds: float


@dataclass(frozen=True)
class Attestation(Sealed):
    """The verdict on one release by drills. Digests begin `sha256:`."""

    FORM = FORMAT

    release: str
    environment: str
    evidence: str
    outcome: str
    verdict: str
    base: str | None
    drills: Mapping[str, Found]
    seeds: tuple[int, ...]

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Self:
        """The inverse. Refused(TAMPERED) when the content is not what its digest says; `name` is for the message."""
        value = unseal(FORMAT, data, name, COMMAND)
        try:
            drills = {drill: Found(**found) for drill, found in value.pop("drills").items()}
            return cls(**value | {"seeds": tuple(value["seeds"])}, drills=drills)
        except (TypeError, KeyError, AttributeError):
            raise tampered(name, COMMAND) from None


def attest(
    environment: str, drilled: Mapping[str, Drilled], judgement: Judgement, seeds: tuple[int, ...]
) -> Attestation:
    """Of the head; an arm that crashed has no figures and found nothing."""
    heads = {name: each.arms[HEAD] for name, each in drilled.items()}
    base = next((each.arms[BASE].release for each in drilled.values() if BASE in each.arms), None)
    found = {
        name: Found(
            drill_digest(drilled[name].drill),
            head.figures.questions,
            head.figures.availability.value,
            head.figures.p99_seconds,
        )
        for name, head in heads.items()
        if head.figures
    }
    release = next(iter(heads.values())).release
    return Attestation(release, environment, EVIDENCE, judgement.outcome, judgement.sentence, base, found, seeds)


def drill_digest(drill: Drill) -> str:
    """Names what a drill asks: its document but for its version and words."""
    return digest(canonical(drill.model_dump(mode="json", by_alias=True, exclude={"version", "description", "owner"})))


def objection(found: Attestation, release: Release, drills: Mapping[str, Drill]) -> str:
    """Why evidence does not let the release out, or "". `drills` are all there are now."""
    if found.release != release.digest:
        return f"it is about {found.release}, this is {release.digest}"
    if found.outcome != "pass":
        return f"it says {found.verdict}"
    for name, drill in drills.items():
        if name not in found.drills:
            return f"drill {name} was not run"
        if found.drills[name].digest != drill_digest(drill):
            return f"drill {name} has changed since"
    return "" if drills else "there is no drill"


def admit(release: Release, drills: Mapping[str, Drill], found: Attestation | None) -> None:
    """Refused(NO_EVIDENCE) where the environment asks for drills, and `found` does not say that all were passed."""
    environment = release.content.environment
    if not environment.rollout.evidence.drills:
        return
    why = objection(found, release, drills) if found else "there is none about this release"
    if why:
        message = f"{environment.name} takes a release on drills only: {why}"
        raise Refused(Reason.NO_EVIDENCE, message, f"moor drill --environment {environment.name}")


class Attestations:
    """A folder with the newest evidence about each release."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, release: str) -> Path:
        return self.folder / f"{release.removeprefix('sha256:')}.{EVIDENCE}.json"

    def get(self, release: str) -> Attestation | None:
        """Refused(TAMPERED) when the file was changed."""
        path = self.path(release)
        return read(path) if path.exists() else None


def read(path: Path) -> Attestation:
    """The evidence in a file. Refused(TAMPERED), Refused(NO_EVIDENCE) when there is no such file."""
    try:
        return Attestation.from_bytes(path.read_bytes(), str(path))
    except OSError as error:
        raise Refused(Reason.NO_EVIDENCE, f"cannot read {path}: {error.strerror}") from None
