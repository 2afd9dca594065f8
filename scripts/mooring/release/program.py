"""Names the code of this package by its content, in a way that git can say of a commit without reading a file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import mooring

FOLDER = "scripts/mooring"
"""Where a repository holds the code."""


def program() -> str:
    """The digest of the code on this disk. A process that may outlive its files asks while it starts."""
    folder = Path(mooring.__file__).parent
    files = {path.relative_to(folder).as_posix(): _blob(path.read_bytes()) for path in folder.rglob("*.py")}
    return program_of(files)


def program_of(blobs: Mapping[str, str]) -> str:
    """The digest of code by git's hashes of its files, by path within the package."""
    listing = "".join(f"{blobs[path]} {path}\n" for path in sorted(blobs))
    return f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"


def _blob(content: bytes) -> str:
    """Git's name for a content (gitformat-objects: the type, the size, a null byte, and the content)."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()
