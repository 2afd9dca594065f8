"""The trials behind evidence, kept so that the same questions can be asked again later and compared case by case."""

from pathlib import Path

from mooring.errors import Failed, Refused
from mooring.evaluate import journal
from mooring.evaluate.values import Results
from mooring.outcome import Reason


class Trials:
    """A folder of journals, each named by the digest of the attestation that was made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, attestation: str) -> Path:
        return self.folder / f"{attestation.removeprefix('sha256:')}.jsonl"

    def get(self, attestation: str) -> Results | None:
        """Complete results, or None; a damaged file counts as none."""
        try:
            results = journal.read(self.path(attestation))
        except (OSError, Refused):
            return None
        return results if results.complete else None

    def keep(self, attestation: str, file: Path) -> None:
        """Keeps a journal. Failed(STORAGE)."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            copy = self.path(attestation).with_suffix(".new")
            copy.write_bytes(file.read_bytes())
            copy.replace(self.path(attestation))
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot keep {file}: {error.strerror}", "make room") from None
