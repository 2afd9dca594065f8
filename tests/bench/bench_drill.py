"""Drills in virtual time: how many questions a core lives through, how much memory that takes, and a whole command."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.drill.live_through import Job, live_through
from mooring.drill.trace import expand
from mooring.drill.world import Rules
from mooring.evaluate.evidence import as_asked
from mooring.evaluate.processes import fork
from mooring.release.resolve import resolve
from mooring.spec.drill import Drill, Question
from tests.bench.row import Row
from tests.repository import CONTENT, HOME, copied

QUESTIONS, LIMIT = 10_000, 20.0
"""Lived through by one core within so many seconds of its time."""

GROWTH = 32.0
"""MiB that memory may grow between a fifth of the questions and all of them, answers included."""

WHOLE = 60.0
"""Seconds of `moor drill` with every drill of the repository."""

HEAD = {"apiVersion": "mooring/v1", "kind": "Drill", "version": "1.0.0", "description": "x", "owner": "@a/b"}


def run() -> list[Row]:
    fifth, whole = _lived(QUESTIONS // 5), _lived(QUESTIONS)
    grown = whole["mib"] - fifth["mib"]
    hours = whole["hours"] * 3600 / whole["seconds"]
    return [
        Row(
            f"{whole['questions']:,} questions of an outage, one core",
            f"{whole['seconds']:.1f} s",
            f"{whole['hours']:.1f} h of real time, {hours:,.0f} times",
            limit=f"< {LIMIT:g} s",
            ok=whole["seconds"] < LIMIT,
        ),
        Row("memory", f"{fifth['mib']:.0f} -> {whole['mib']:.0f} MiB", limit=f"< +{GROWTH:g} MiB", ok=grown < GROWTH),
        _command(),
    ]


def _lived(questions: int) -> dict[str, Any]:
    with fork(_measure, questions) as process:
        found: dict[str, Any] = process.connection.recv()
    return found


def _measure(connection: Connection, questions: int) -> None:
    """Sends the figures of one trace: a third of it, the first vendor is down."""
    per_minute = 60.0
    hours = questions / per_minute / 60
    outage = {"rung": "L0", "start": hours / 3, "end": hours * 2 / 3}
    drill = Drill.model_validate(HEAD | {"name": "bench", "hours": hours, "perMinute": 60, "incidents": [outage]})
    release = as_asked(resolve(load_valid(WorkTree(CONTENT)), "production"), "simulated")
    probes = release.content.environment.rollout.probes
    asked = tuple(Question(agent=each.agent, say=each.say, expect=each.expect) for each in probes)
    job = Job("head", release.to_bytes(), drill, asked, expand(drill, 0), 0, Rules.of(CONTENT / "evals/simulator"))
    started = time.process_time()
    lived = live_through(job)
    seconds, mib = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    connection.send({"seconds": seconds, "mib": mib, "hours": hours, "questions": len(lived.answers)})


def _command() -> Row:
    """With the drills that the repository ships."""
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder)).root
        shutil.copytree(HOME / "evals/drills", root / "evals/drills", dirs_exist_ok=True)
        around = {**os.environ, "PYTHONPATH": str(HOME / "scripts"), "MOORING_HOME": f"{folder}/state"}
        started = time.perf_counter()
        command = [sys.executable, "-m", "mooring", "-C", str(root), "drill", "--json"]
        said = subprocess.run(command, env=around, capture_output=True, text=True, check=False).stdout
        seconds = time.perf_counter() - started
    drills = len(json.loads(said)["traces"])
    return Row(
        f"moor drill, {drills} drills", f"{seconds:.1f} s", limit=f"< {WHOLE:g} s", ok=bool(drills) and seconds < WHOLE
    )
