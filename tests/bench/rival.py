"""Sets rivals up by itself: each has a lock in `rivals/`, and is installed on first use, outside the repository."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from tests.bench.row import MissingError

LOCKS = Path(__file__).parent / "rivals"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mooring-bench"

NODE = 20
"""The oldest Node.js that rivals in JavaScript run on."""

_DONE = "complete"


def python(name: str) -> Path:
    """The Python in which `rivals/NAME.lock` is installed. Raises MissingError when that cannot be done."""
    lock = LOCKS / f"{name}.lock"

    def make(environment: Path) -> None:
        venv.create(environment, with_pip=True)
        pip = [str(environment / "bin/python"), "-I", "-m", "pip", "install", "--no-input", "--quiet"]
        locked = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(lock)]
        _run([*pip, "--disable-pip-version-check", *locked], environment)

    return _installed(name, sys.version.encode() + lock.read_bytes(), make) / "bin/python"


def javascript(name: str) -> Path:
    """The command `NAME` that `rivals/NAME/package-lock.json` installs. Raises MissingError."""
    return node_packages(LOCKS / name, name) / "node_modules/.bin" / name


def node_packages(folder: Path, name: str, oldest: int = NODE) -> Path:
    """The folder in which what `folder/package-lock.json` lists is installed. Raises MissingError."""
    if not (node := shutil.which("node")) or not shutil.which("npm"):
        raise MissingError(f"{name} needs node {oldest} or newer, and npm: apt-get install -y nodejs npm")
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < oldest:
        raise MissingError(f"{name} needs node {oldest} or newer, and there is {version}")

    def make(environment: Path) -> None:
        shutil.copytree(folder, environment)
        _run(["npm", "ci", "--omit=optional", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"], environment)

    return _installed(name, version.encode() + (folder / "package-lock.json").read_bytes(), make)


def program(name: str) -> str:
    """The path of a program from the Debian package of the same name; root installs it. Raises MissingError."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    if shutil.which(name, path=path) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"setting up {name}", file=sys.stderr, flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--no-install-recommends", name]):
            subprocess.run(command, check=False, stdout=sys.stderr, env={**os.environ, **_QUIET})
    if found := shutil.which(name, path=path):
        return found
    raise MissingError(f"apt-get install -y {name}")


_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
"""Asks nothing, and starts no service: a benchmark starts its own."""


def _installed(name: str, identity: bytes, make: Callable[[Path], None]) -> Path:
    environment = CACHE / f"{name}-{hashlib.sha256(identity).hexdigest()[:16]}"
    if not (environment / _DONE).exists():
        print(f"setting up {name}, once per lock", file=sys.stderr, flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        make(environment)
        (environment / _DONE).touch()
    return environment


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, check=False, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        raise MissingError(f"{folder.name} cannot be installed: {reason}")
