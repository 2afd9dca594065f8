"""Environments of rivals: each has a lock in `rivals/`, and is made from it on first use, outside the repository."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

LOCKS = Path(__file__).parent / "rivals"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mooring-bench"

_DONE = "complete"


def python(name: str) -> Path:
    """The Python in which `rivals/NAME.lock` is installed. Raises CalledProcessError when that cannot be done."""
    lock = LOCKS / f"{name}.lock"
    digest = hashlib.sha256(sys.version.encode() + lock.read_bytes()).hexdigest()[:16]
    environment = CACHE / f"{name}-{digest}"
    executable = environment / "bin/python"
    if not (environment / _DONE).exists():
        print(f"setting up {name}, once per lock", file=sys.stderr, flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        venv.create(environment, with_pip=True)
        pip = [str(executable), "-I", "-m", "pip", "install", "--no-input", "--quiet", "--disable-pip-version-check"]
        locked = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(lock)]
        subprocess.run([*pip, *locked], check=True, stdout=sys.stderr)
        (environment / _DONE).touch()
    return executable
