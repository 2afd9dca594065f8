"""A clone with the doors and a tiny package; a stand-in for `uv` that can be held up, where pip would take seconds."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "import os, sys, stow; print(sys.argv[1:], os.getcwd(), sys.prefix, os.environ['MOORING_HOME'])"
PYTHON = Path(sys.base_prefix) / "bin"
"""Where `python3` is; not the environment of the tests, which has uv too."""

# Installs by copying; notes each call; waits while `hold` exists; fails when `fail` does.
UV = """#!/bin/sh
echo "$1" >> "{calls}"
[ "$1" = venv ] && exec "$3" -m venv --without-pip "$4"
while [ -e "{folder}/hold" ]; do sleep 0.02; done
[ -e "{folder}/fail" ] && { echo "error: no route to the index"; exit 2; }
echo > "$(echo "${4%/bin/python}"/lib/python3*/site-packages)/stow.py"
"""


@dataclass(frozen=True)
class Clone:
    """A copy of the doors with one locked package, `stow`."""

    root: Path
    tools: Path

    @property
    def wheel(self) -> Path:
        return self.tools / "stow-1.0-py3-none-any.whl"

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
        path = os.pathsep.join((str(self.tools), str(PYTHON), "/usr/bin", "/bin"))
        return kept | {"PATH": path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.tools)}

    def start(self, *command: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        words = command or (str(self.root / "scripts/moor"), "plan", "a b")
        where = cwd or self.root
        return subprocess.Popen(
            words, cwd=where, env=self.environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        with self.start(*command, cwd=cwd) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def lock(self, comment: str = "") -> None:
        """Writes the locks; another comment makes them other locks."""
        digest = hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        text = f"stow==1.0 \\\n    --hash=sha256:{digest}\n# {comment}\n"
        for name in ("requirements.lock", "requirements-eval.lock", "requirements-dev.lock"):
            (self.root / name).write_text(text)

    @property
    def calls(self) -> list[str]:
        """What was asked of the stand-in for uv."""
        return (self.tools / "calls").read_text().split()


def make_wheel(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("stow.py", "")
        file.writestr("stow-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: stow\nVersion: 1.0\n")
        file.writestr("stow-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("stow-1.0.dist-info/RECORD", "")


@pytest.fixture
def bare_clone(tmp_path: Path) -> Clone:
    """A clone on a machine without uv."""
    clone = Clone(tmp_path / "a clone", tmp_path / "tools")
    clone.tools.mkdir()
    (clone.root / "scripts/mooring").mkdir(parents=True)
    for name in ("moor", "test", "bootstrap.py"):
        shutil.copy(ROOT / "scripts" / name, clone.root / "scripts" / name)
    (clone.root / "scripts/mooring/__main__.py").write_text(PACKAGE)
    make_wheel(clone.wheel)
    clone.lock()
    return clone


@pytest.fixture
def clone(bare_clone: Clone) -> Clone:
    """A clone on a machine with the stand-in for uv."""
    tools = bare_clone.tools
    (tools / "uv").write_text(UV.replace("{calls}", str(tools / "calls")).replace("{folder}", str(tools)))
    (tools / "uv").chmod(0o755)
    return bare_clone


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait
