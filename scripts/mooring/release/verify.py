"""Verifies that a release file has the content that its name says."""

import re
from pathlib import Path

from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.canonical import digest
from mooring.release.release import Release

_NAME = re.compile(r"[0-9a-f]{64}")


def is_digest_name(path: Path) -> bool:
    """Whether a file is named as the store names releases: 64 hexadecimal digits and `.json`."""
    return path.suffix == ".json" and _NAME.fullmatch(path.stem) is not None


def verify_file(path: Path) -> Release:
    """The release in a file named by its digest. Refused(TAMPERED) when the content is not what the name says."""
    if not is_digest_name(path):
        raise UsageError(f"{path}: a release file is named by its digest, <64 hexadecimal digits>.json")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot read {path}: {error.strerror}") from None
    if (found := digest(data)) != f"sha256:{path.stem}":
        raise Refused(
            Reason.TAMPERED,
            f"{path} does not hold what its name says: its content is {found}",
            "find out who wrote it, then delete it; it is written again from the database",
        )
    return Release.from_bytes(data)
