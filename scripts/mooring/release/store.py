"""Releases in a folder, each in a file named by its digest, from which processes of this machine start."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mooring import private
from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.release.verify import is_digest_name, verify_file

RELEASES = "releases"
"""The folder, in the state folder, of every release that processes of this machine started from."""


class Store:
    """A content-addressed folder, created by the first `put`. Files are written once and never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, release: Release) -> Path:
        """The file that holds `release`, written unless it is there.

        Raises Failed(STORAGE) on a disk error, with nothing half-written;
        Refused(TAMPERED) when the file exists with other content.
        """
        path = self._path(release.digest)
        try:
            if path.exists():
                verify_file(path)
                return path
            private.folder(self.folder)
            _write(path, release.to_bytes())
        except OSError as error:
            raise Failed(
                Reason.STORAGE,
                f"cannot store release {release.digest} in {self.folder}: {error.strerror}",
                "make room or make the folder writable; nothing was written",
            ) from None
        return path

    def get(self, digest: str) -> Release:
        """The release with this digest or unique prefix of one, `sha256:` optional; verified.

        UsageError when none or several match; Refused(TAMPERED) when the file was changed.
        """
        return verify_file(self._path(self.find(digest)))

    def find(self, digest: str) -> str:
        """The whole digest that `digest` is, or begins. UsageError when none or several match."""
        return whole(digest, self.digests(), f"in {self.folder}")

    def digests(self) -> list[str]:
        """Every digest in the store, sorted. Ignores other files in the folder."""
        try:
            return sorted(f"sha256:{path.stem}" for path in self.folder.iterdir() if is_digest_name(path))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot list {self.folder}: {error.strerror}") from None

    def __contains__(self, digest: str) -> bool:
        """Whether there is a file of the release with this whole digest."""
        return self._path(digest).exists()

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest.removeprefix('sha256:')}.json"


def whole(digest: str, known: Iterable[str], where: str) -> str:
    """The digest of `known` that `digest` is, or begins. UsageError, which says `where`, when none or several are."""
    prefix = digest.removeprefix("sha256:")
    if not prefix:
        raise UsageError("a digest is needed, or the first digits of one")
    found = [name for name in known if name.removeprefix("sha256:").startswith(prefix)]
    if not found:
        raise UsageError(f"no release {digest} {where}")
    if len(found) > 1:
        raise UsageError(f"{digest} is the beginning of {len(found)} releases: {', '.join(found)}")
    return found[0]


def _write(path: Path, data: bytes) -> None:
    """Writes a file atomically: the name appears when its content is on disk."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".release-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
