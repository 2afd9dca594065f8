"""Files that hold what users wrote: readable by their owner alone."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def folder(path: Path) -> Path:
    """The folder, made when missing with those above it; its owner alone may look into what is made. Raises OSError."""
    for missing in reversed([place for place in (path, *path.parents) if not place.exists()]):
        missing.mkdir(mode=FOLDER, exist_ok=True)
    return path


def file(path: Path) -> Path:
    """The file, made when missing, for its owner alone. SQLite gives its other files the same mode. Raises OSError."""
    folder(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))
    return path


def write(path: Path, text: str, *, lasting: bool = False) -> None:
    """Writes a file whole or not at all, for its owner alone, where one process at a time writes it.

    `lasting` waits until it would survive a power failure. Raises OSError.
    """
    temporary = file(path.with_suffix(".new"))
    with temporary.open("w", encoding="utf-8") as opened:
        opened.write(text)
        if lasting:
            opened.flush()
            os.fsync(opened.fileno())
    temporary.replace(path)


def mend(root: Path) -> int:
    """Takes from others what they may do with `root` and all below it; the number of places that they could reach.

    Raises OSError.
    """
    mended, reachable = 0, root.exists() and root.stat().st_mode & 0o077
    for path in (root, *_below(root)):
        with suppress(FileNotFoundError):
            found = path.lstat()
            plain = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
            if plain and found.st_mode & 0o077 and found.st_uid == os.getuid():
                path.chmod(found.st_mode & 0o700)
                mended += 1
    return mended if reachable else 0


def _below(root: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(root):
        yield from (Path(place, name) for name in (*folders, *files))
