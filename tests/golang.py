"""Programs that Go builds from locked sums, once, outside the repository."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

NEEDED = "MOORING_GO"
"""Where this variable is set, such as by `.ci/run`, or `CI` as GitHub sets it, a missing Go is a failure."""


class Missing(Exception):
    """There is no Go, and nothing that it built earlier."""


def is_needed() -> bool:
    return bool(os.environ.get(NEEDED) or os.environ.get("CI"))


@dataclass(frozen=True)
class Module:
    """A Go module of ours. `kept` names its folder in the cache; `without` is what is said where there is no Go."""

    folder: Path
    kept: str
    without: str
    arguments: tuple[str, ...]
    """What `go build` is told beyond that."""

    def find(self, name: str) -> Path:
        """The path of a program, which is built if it has to be.

        Raises Missing, and CalledProcessError with Go's reasons on stderr.
        """
        folder = self.cache() / self.digest()
        if not self.is_built(name):
            if not shutil.which("go"):
                raise Missing(self.without)
            self._build(folder)
        return folder / name

    def is_built(self, name: str) -> bool:
        return (self.cache() / self.digest() / name).exists()

    def cache(self) -> Path:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mooring" / self.kept

    def digest(self) -> str:
        """What programs are built from, and how."""
        parts = [file.read_bytes() for file in sorted((*self.folder.glob("go.*"), *self.folder.glob("*.go")))]
        return hashlib.sha256(b"\0".join([*parts, *(text.encode() for text in self.arguments)])).hexdigest()[:16]

    def _build(self, folder: Path) -> None:
        """Builds all programs; they appear together, so that an interrupted build is never taken for a finished one."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return
            with tempfile.TemporaryDirectory(dir=folder.parent) as made:
                command = ["nice", "go", "build", "-trimpath", "-o", f"{made}/", *self.arguments]
                environ = os.environ | {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
                subprocess.run(command, cwd=self.folder, env=environ, check=True)
                shutil.copytree(made, f"{made}.whole")
                Path(f"{made}.whole").rename(folder)
