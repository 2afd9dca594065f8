"""Replaces files of a repository: all of them, or none."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import Failed
from mooring.outcome import Reason


@dataclass(frozen=True, slots=True)
class Replacement:
    """New contents by file, relative to the repository; None removes the file."""

    files: Mapping[str, bytes | None]
    changed: tuple[str, ...]
    """Those that are there and stay, with another content."""

    @property
    def removed(self) -> list[str]:
        return [file for file, content in self.files.items() if content is None]

    @property
    def written(self) -> list[str]:
        """Those that are new."""
        return [file for file, content in self.files.items() if content is not None and file not in self.changed]


def replacement(root: Path, before: Iterable[str], after: Mapping[str, bytes]) -> Replacement:
    """What has to change so that of the files `before` only those of `after` are there, with these contents."""
    there = {file: path.read_bytes() for file in after if (path := root / file).is_file()}
    files: dict[str, bytes | None] = {file: None for file in before if file not in after}
    files |= {file: content for file, content in after.items() if there.get(file) != content}
    return Replacement(dict(sorted(files.items())), tuple(sorted(there.keys() & files.keys())))


def apply(root: Path, change: Replacement) -> None:
    """Writes and removes. Raises Failed, after everything is as it was before; so it is after an interruption too."""
    before = {file: path.read_bytes() if (path := root / file).is_file() else None for file in change.files}
    beside = {file: (root / file).with_name(f".{Path(file).name}.new") for file in (*change.changed, *change.written)}
    try:
        for file, new in beside.items():  # whatever may fail, such as a full disk, fails before anything is replaced
            _inside(root, root / file)
            _put(new, change.files[file])
        for file in change.removed:
            _inside(root, root / file)
            (root / file).unlink()
        for file, new in beside.items():
            new.replace(root / file)
    except BaseException as error:
        _undo(root, before, beside.values())
        if isinstance(error, OSError):
            message = f"cannot write {error.filename}: {error.strerror}; nothing was changed"
            raise Failed(Reason.STORAGE, message) from None
        raise
    for file in change.removed:
        _prune(root, (root / file).parent)


def _undo(root: Path, before: Mapping[str, bytes | None], beside: Iterable[Path]) -> None:
    for new in beside:
        if new.is_file():
            new.unlink()
    for file, content in before.items():
        path = root / file
        if content is None and path.is_file():
            path.unlink()
        elif content is not None and not (path.is_file() and path.read_bytes() == content):
            _put(path, content)
        _prune(root, path.parent)


def _inside(root: Path, path: Path) -> None:
    if path.is_symlink() or not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise Failed(Reason.STORAGE, f"{path} is a link, or leads out of the repository; nothing was changed")


def _put(path: Path, content: bytes | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or b"")


def _prune(root: Path, folder: Path) -> None:
    """Removes folders that hold nothing any more, from `folder` upward."""
    while folder != root and not folder.is_symlink():
        if folder.is_dir():
            if any(folder.iterdir()):
                return
            folder.rmdir()
        folder = folder.parent
