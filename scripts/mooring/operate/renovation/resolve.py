"""Makes the locks anew with uv: the largest first, the others within it, so that they cannot differ; and others."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mooring.errors import Failed
from mooring.operate.renovation.locks import APART, DEV, FILES, GROUPS, PROJECT
from mooring.outcome import Reason

SECONDS = 900
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header")
NO_BUILD = "--no-build"
"""Nothing of a package is executed: the job that calls this may write to the repository."""

TEMPLATE_OF_ERROR = 300
"""Characters of uv's own words that are repeated."""


def read(root: Path) -> dict[str, str]:
    """The locks that are there, by file."""
    return {file: (root / file).read_text(encoding="utf-8") for file in FILES if (root / file).is_file()}


def resolve(root: Path, *, upgrade: bool, cooldown_days: float) -> dict[str, str]:
    """The texts of all locks by file; nothing is written. Failed(PROCESS).

    With `upgrade` the newest versions that are older than the cooldown: a malicious release is mostly found within
    days. Without, what is pinned stays, and only what lacks is added.
    """
    uv = _uv()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copyfile(root / PROJECT, folder / PROJECT)
        for file, text in read(root).items() if not upgrade else ():
            (folder / file).write_text(text, encoding="utf-8")
        before = ["--exclude-newer", _before(cooldown_days)] if upgrade and cooldown_days else []
        for file, group in GROUPS.items():
            within = [] if file == DEV else ["--constraints", DEV]
            of = ["--group", group] if group else []
            _run([uv, "pip", "compile", PROJECT, *of, *OPTIONS, NO_BUILD, *within, *before, "-q", "-o", file], folder)
        for file, group in APART.items():
            of = ["--group", f"{PROJECT}:{group}"]
            _run([uv, "pip", "compile", *of, *OPTIONS, NO_BUILD, *before, "-q", "-o", file], folder)
        return read(folder)


def write(root: Path, texts: Mapping[str, str]) -> None:
    """Replaces the locks. Raises OSError."""
    from mooring.catalog.schemas import replace_text

    for file, text in texts.items():
        replace_text(root / file, text)


def _before(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uv() -> str:
    """The uv that the development lock pins, else one of this machine."""
    pinned = Path(sys.executable).with_name("uv")
    found = str(pinned) if pinned.is_file() else shutil.which("uv")
    if not found:
        raise Failed(Reason.PROCESS, "uv is not here, which resolves versions", "python3 scripts/bootstrap.py --dev")
    return found


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(Reason.PROCESS, f"uv found no versions within {SECONDS} s", "try again") from None
    if done.returncode:
        said = " ".join(done.stderr.split())[:TEMPLATE_OF_ERROR]
        raise Failed(Reason.PROCESS, f"uv finds no versions that fit: {said}", f"correct {PROJECT}")
