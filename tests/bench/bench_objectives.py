"""`moor objectives render`: every alert, the routing and the dashboard of an environment, as a whole process."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mooring.operate.objectives.render import render
from mooring.spec import Objectives
from tests.bench.row import Row
from tests.operate.objectives.document import document
from tests.repository import copied

LIMIT = 0.5
"""Seconds."""

TIMES = 5


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root, out = copied(Path(folder)).root, Path(folder, "out")
        whole = min(_command(root, out) for _ in range(TIMES))
        start = min(_seconds("--version") for _ in range(TIMES))
    promises = document()
    alone = min(_rendering(promises) for _ in range(TIMES))
    return [
        Row("objectives render", f"{whole:.2f} s", limit=f"< {LIMIT} s", ok=whole < LIMIT),
        Row("of which Python and the command begin", f"{start:.2f} s"),
        Row("of which the files are made and every expression read", f"{alone * 1e3:.0f} ms"),
    ]


def _command(root: Path, out: Path) -> float:
    return _seconds("-C", str(root), "objectives", "render", "production", "--out", str(out))


def _seconds(*words: str) -> float:
    around = {**os.environ, "PYTHONPATH": "scripts"}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "mooring", *words], env=around, capture_output=True, check=True)
    return time.perf_counter() - started


def _rendering(promises: Objectives) -> float:
    started = time.perf_counter()
    render("production", promises)
    return time.perf_counter() - started
