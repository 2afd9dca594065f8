"""Whole processes: help, validate, init, rollback, a revert that is deployed, and a killed process beside its spare.

Medians of a few runs of `python -m mooring` on a copy of the tests' documents, environment `local` up.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

from tests.bench.row import Row
from tests.repository import CONTENT

HOME = Path(__file__).parents[2]
POLICY = "prompts/shared/refund-policy.yaml"
ENVIRON = {
    **os.environ,
    "PYTHONPATH": str(HOME / "scripts"),
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{role}_{what}": "bench@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def run() -> list[Row]:
    """The rows; leaves nothing running."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _documents(root)
        try:
            return [*_without_runtime(root), *_with_runtime(root)]
        finally:
            _moor(root, "down")


def _without_runtime(root: Path) -> list[Row]:
    python = _seconds(lambda: _call(root, sys.executable, "-c", "pass"), 9)
    shown = _seconds(lambda: _moor(root, "--help"), 9)
    checked = _seconds(lambda: _moor(root, "validate"), 5)
    begun = max(_begun(root) for _ in range(3))
    return [
        _row("moor --help", shown, 0.2, python, "python -c pass"),
        _row("moor validate", checked, 0.6, python, "python -c pass"),
        _row("moor init, whose result is checked first", begun, 5.0),
    ]


def _begun(root: Path) -> float:
    """Seconds until the example is another team's; it is the example again afterwards."""
    options = ("--from", "minimal", "--owner", "@lighthouse/desk", "--agent", "clerk", "--yes")
    try:
        return _seconds(lambda: _moor(root, "init", *options), 1)
    finally:
        _git(root, "reset", "-q", "--hard")
        _git(root, "clean", "-fdq")


def _with_runtime(root: Path) -> list[Row]:
    _moor(root, "up")
    back, reverted = [], []
    for _ in range(3):
        _edit(root)
        _moor(root, "deploy", "local")
        back.append(_seconds(lambda: _moor(root, "rollback", "local", "--no-writeback"), 1))
        _git(root, "revert", "--no-edit", "HEAD")
        _edit(root)
        _moor(root, "deploy", "local")
        reverted.append(_seconds(lambda: _revert(root), 1))
    return [
        _row("moor rollback local", median(back), 1.0),
        _row("git revert + moor deploy local", median(reverted), 2.0),
        _row("kill -9 of the live process to the next answer", max(_killed(root) for _ in range(3)), 1.0),
    ]


def _killed(root: Path) -> float:
    """Seconds until the spare process has answered."""
    live = _live(root)
    while live["spare"] != "ready":
        time.sleep(0.2)
        live = _live(root)
    with httpx2.Client(trust_env=False) as http:
        os.kill(live["pid"], signal.SIGKILL)
        start = time.perf_counter()
        while True:
            with suppress(httpx2.TransportError):
                http.get(f"{live['url']}/livez").raise_for_status()
                return time.perf_counter() - start


def _live(root: Path) -> dict[str, Any]:
    """The live slot, with the address that it serves."""
    (status,) = json.loads(_moor(root, "status", "local", "--json"))["environments"]
    return dict(status["slots"][status["live"]["slot"]]) | {"url": status["url"]}


def _revert(root: Path) -> None:
    _git(root, "revert", "--no-edit", "HEAD")
    _moor(root, "deploy", "local")


def _row(what: str, ours: float, limit: float, rival: float | None = None, name: str = "") -> Row:
    other = "" if rival is None else f"{rival:.2f} s {name}"
    return Row(what, f"{ours:.2f} s", other, ours / rival if rival else None, f"< {limit} s", ours < limit)


def _seconds(work: Callable[[], object], times: int) -> float:
    """The median time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _documents(root: Path) -> None:
    shutil.copytree(CONTENT, root, dirs_exist_ok=True)
    shutil.copytree(HOME / "schemas", root / "schemas")
    environment = root / "configs/environments/local.yaml"
    lines = environment.read_text().splitlines()
    lines = ["  listen: 127.0.0.1:0" if line.startswith("  listen:") else line for line in lines]
    lines = ["  bakeSeconds: 0.2" if "bakeSeconds" in line else line for line in lines]
    environment.write_text("\n".join([*lines, "serving: {spare: true}"]) + "\n")
    (root / ".gitignore").write_text("/.mooring/\n")
    _git(root, "init", "-q", "-b", "main")
    _commit(root)


def _edit(root: Path) -> None:
    """Another text each time, so that every deployment brings a release nobody has seen."""
    file = root / POLICY
    file.write_text(f"{file.read_text()}  - Rule {time.time_ns()}.\n")
    _moor(root, "bump")
    _commit(root)


def _commit(root: Path) -> None:
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", "change")


def _git(root: Path, *arguments: str) -> None:
    _call(root, "git", *arguments)


def _moor(root: Path, *arguments: str) -> bytes:
    return _call(root, sys.executable, "-m", "mooring", *arguments)


def _call(root: Path, *command: str) -> bytes:
    return subprocess.run(command, cwd=root, env=ENVIRON, check=True, capture_output=True).stdout
