"""act, which runs workflows, and actionlint, which checks them: `python -m tests.workflows.tools act …` runs one.

Both are built by Go from the sums in `tools/go.sum`, once, outside the repository. Where there is no Go, they are not
run, and that is said.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = Path(__file__).with_name("tools")
NEEDED = "MOORING_GO"
"""Where this variable is set, such as by `.ci/run`, or `CI` as GitHub sets it, a missing Go is a failure."""

MISSING = "Go is missing: workflows were NOT run and NOT checked by actionlint (install Go 1.25 or newer)"


class Missing(Exception):
    """There is no Go, and nothing that it built earlier."""


def is_needed() -> bool:
    return bool(os.environ.get(NEEDED) or os.environ.get("CI"))


def find(name: str) -> Path:
    """The path of a tool, which is built if it has to be. Raises Missing, and CalledProcessError with Go's reasons."""
    folder = cache() / digest()
    if not (folder / name).exists():
        if not shutil.which("go"):
            raise Missing(MISSING)
        build(folder)
    return folder / name


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mooring/tools"


def digest() -> str:
    files = sorted(MODULE.glob("go.*"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def build(folder: Path) -> None:
    """Builds all tools; they appear together, so that an interrupted build is never taken for a finished one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", f"{made}/", "tool"]
            environ = os.environ | {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
            subprocess.run(command, cwd=MODULE, env=environ, check=True)
            shutil.copytree(made, f"{made}.whole")
            Path(f"{made}.whole").rename(folder)


def main(name: str, *arguments: str) -> int:
    try:
        return subprocess.run([find(name), *arguments]).returncode
    except Missing as error:
        print(error, file=sys.stderr)
        return int(is_needed())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
