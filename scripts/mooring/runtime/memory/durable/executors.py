"""Which processes live: each holds a lock on a file of its own, which the kernel frees even at `kill -9`.

A name is never used twice, so nobody can take a successor for its predecessor. Files are in the state folder, whose
`home` is part of the names: what another machine keeps in the same database is none of ours.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mooring import private

FOLDER = "executors"
_HOME = ".home"


class Executors:
    """The living and the dead of one state folder."""

    def __init__(self, state: Path) -> None:
        self.state, self._folder = state, state / FOLDER
        private.folder(self._folder)
        self.home = self._named()
        self.mine = ""
        self._lock = -1

    def enrol(self, slot: str) -> str:
        """A new name for this process, such as `blue-3f9a-4711-b60c`, locked until it ends or `leave`s."""
        self.mine = f"{slot}-{self.home}-{os.getpid()}-{secrets.token_hex(4)}"
        self._take()
        return self.mine

    def leave(self) -> None:
        """Frees the name: other processes may resume what this one began."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def stay(self) -> None:
        """Restores the lock file where others look, in case the folder was removed."""
        with suppress(OSError):
            if os.path.samestat(os.fstat(self._lock), (self._folder / self.mine).stat()):
                return
        self.leave()
        self._take()

    def others(self) -> list[str]:
        """Names of all processes but this one, dead or alive."""
        with suppress(OSError):
            names = sorted(path.name for path in self._folder.iterdir())
            return [name for name in names if not name.startswith(".") and name != self.mine]
        return []

    def known(self, name: str) -> bool:
        """Whether there is a file for that process."""
        return (self._folder / name).exists()

    @contextmanager
    def dead(self, name: str) -> Iterator[bool]:
        """Whether that process is dead; if so, nobody else is told so within the block."""
        try:
            lock = os.open(self._folder / name, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had the lock before may have buried the file meanwhile.
            yield (self._folder / name).exists()
        except BlockingIOError:
            yield False
        finally:
            os.close(lock)

    def bury(self, name: str) -> None:
        """Removes the file of a dead process that left nothing behind."""
        (self._folder / name).unlink(missing_ok=True)

    def _take(self) -> None:
        """Locked before it is in its place, so that nobody finds it unlocked."""
        private.folder(self._folder)
        new = self._folder / f".{self.mine}"
        lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(self._folder / self.mine)
        self._lock = lock

    def _named(self) -> str:
        """The folder's own name; whoever comes first gives it."""
        path = self._folder / _HOME
        name_home(self.state, secrets.token_hex(4))
        end = time.monotonic() + 1
        while not (name := path.read_text()) and time.monotonic() < end:
            time.sleep(0.01)
        return name


def name_home(state: Path, name: str) -> None:
    """Names a state folder that has no name yet. A name has no `-`. Raises OSError."""
    with suppress(FileExistsError):
        handle = os.open(private.folder(state / FOLDER) / _HOME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w") as file:  # noqa: PTH123 - an open descriptor
            file.write(name)
