"""Data of a report that somebody else may have written: a workflow renders it again with more rights."""

from pathlib import Path

from mooring.errors import Failed, Refused
from mooring.outcome import Reason


def read(file: Path, largest: int) -> bytes:
    """A file of at most `largest` bytes. Raises Refused(TAMPERED) when it has more, Failed(STORAGE) on a disk error."""
    try:
        with file.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot read {file}: {error.strerror}") from None
    if len(content) > largest:
        raise Refused(Reason.TAMPERED, f"{file} is larger than {largest >> 20} MiB")
    return content
