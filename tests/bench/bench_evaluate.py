"""200 cases x 5 repeats against a stub that takes 50 ms an answer, at most 20 at a time, start-up included."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import yaml

from tests.bench import rival
from tests.bench.row import MissingError, Row
from tests.repository import CONTENT

HOME = Path(__file__).parents[2]
RIVALS = Path(__file__).parent / "rivals"
CASES, REPEATS, ANSWER_SECONDS, CONCURRENCY = 200, 5, 0.05, 20
IDEAL = CASES * REPEATS * ANSWER_SECONDS / CONCURRENCY
FORK_SERVER = "mooring.evaluate.fork_server"
LIMIT = 1.4
"""Times the ideal."""

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def run() -> list[Row]:
    with _stub() as url, tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _repository(root, url, CASES)
        times = [_seconds(*_command(root)) for _ in range(4)][1:]  # the first one writes bytecode
        rows = [
            _row(median(times)),
            _overhead(median(times)),
            _rival("deepeval", url, root, median(times)),
            _rival("promptfoo", url, root, median(times)),
        ]
        return [*rows, *_memory(root, url)]


def _row(ours: float) -> Row:
    what = f"moor eval, {CASES} cases x {REPEATS}, {CONCURRENCY} at a time"
    return Row(what, f"{ours:.2f} s", f"{IDEAL:.2f} s ideal", ours / IDEAL, f"< {LIMIT}x", ours < LIMIT * IDEAL)


def _overhead(ours: float) -> Row:
    return Row("  beyond the ideal, a trial", f"{(ours - IDEAL) / (CASES * REPEATS) * 1000:.2f} ms")


def _rival(name: str, url: str, root: Path, ours: float) -> Row:
    try:
        command = sys.executable if name == "deepeval" else str(rival.javascript(name))
        theirs = median(_seconds(*_of_rival(name, command, url, root)) for _ in range(2))
    except MissingError as missing:
        return Row(f"  beside {name}", f"{ours:.2f} s", f"not measured: {missing}", ok=False)
    except RuntimeError as error:
        return Row(f"  beside {name}", f"{ours:.2f} s", f"not measured: it ended with {error.args[1]}", ok=False)
    return Row(f"  beside {name}", f"{ours:.2f} s", f"{theirs:.2f} s", ours / theirs, "< 1x", ours < theirs)


def _of_rival(name: str, command: str, url: str, root: Path) -> tuple[list[str], dict[str, str], set[int]]:
    """The same questions as each documents it: a script for deepeval, a configuration for promptfoo."""
    quiet = {"DEEPEVAL_TELEMETRY_OPT_OUT": "YES", "DEEPEVAL_FILE_SYSTEM": "READ_ONLY", "DEEPEVAL_DISABLE_DOTENV": "1"}
    quiet |= {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
    environ = {**os.environ, **quiet, "HOME": str(root), "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"{url}/v1"}
    if name == "deepeval":
        return [command, str(RIVALS / "with_deepeval.py"), str(CASES), str(REPEATS), str(CONCURRENCY)], environ, {0}
    config = root / "promptfoo.yaml"
    tests = [
        {"vars": {"message": f"Where is order A-{1000 + n}?"}, "assert": [{"type": "contains", "value": "order"}]}
        for n in range(CASES)
    ]
    body = {"prompts": ["{{message}}"], "providers": ["openai:chat:gpt-4.1-2025-04-14"], "tests": tests}
    config.write_text(yaml.safe_dump(body), encoding="utf-8")
    options = ["--repeat", str(REPEATS), "-j", str(CONCURRENCY), "--no-cache", "--no-progress-bar", "--no-table"]
    return [command, "eval", "-c", str(config), *options], environ, {0}


def _memory(root: Path, url: str) -> Iterator[Row]:
    """The most that all processes of a run hold together, for few cases and for five times as many."""
    few = _peak(root)
    _repository(root, url, CASES * 5)
    many = _peak(root)
    what = f"memory of all processes, {CASES * REPEATS} trials"
    yield Row(what, f"{few:.0f} MiB", f"{many:.0f} MiB for {CASES * 25}", few / many, "", many < few * 1.25)


def _peak(root: Path) -> float:
    command, environ, _ = _command(root)
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as process:
        most, watched = 0.0, psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, _held(watched))
            time.sleep(0.1)
    return most / 2**20


def _held(process: psutil.Process) -> float:
    """Proportional set size, which counts what forked processes share once."""
    total, kept = 0.0, [one for one in psutil.process_iter(["cmdline"]) if FORK_SERVER in (one.info["cmdline"] or ())]
    for one in {process, *process.children(recursive=True), *kept}:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def _command(root: Path) -> tuple[list[str], dict[str, str], set[int]]:
    """`moor eval`, live against the stub. What it is told is all passed."""
    words = ["eval", "--evidence", "live", "--repeat", str(REPEATS), "--environment", "local", "--json"]
    environ = {**os.environ, **dict.fromkeys(KEYS, "none"), "PYTHONPATH": str(HOME / "scripts")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # rivals come with theirs
    return [sys.executable, "-m", "mooring", "-C", str(root), *words], environ, {0}


def _seconds(command: list[str], environ: dict[str, str], good: set[int]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in good:
        told = (done.stderr or done.stdout).strip()
        raise RuntimeError(f"{' '.join(command[:4])} ended with {done.returncode}: {told[-800:]}", done.returncode)
    return taken


def _repository(root: Path, url: str, cases: int) -> None:
    """The tests' documents with every model at the stub, which speaks OpenAI's protocol, and one suite."""
    for folder in ("configs", "prompts", "scripts/tools"):
        shutil.copytree(CONTENT / folder, root / folder, dirs_exist_ok=True)
    shutil.copytree(CONTENT / "evals/simulator", root / "evals/simulator", dirs_exist_ok=True)
    for model in (root / "configs/models").rglob("*.yaml"):
        text = yaml.safe_load(model.read_text(encoding="utf-8"))
        _document(model, root, text | {"apiType": "openai-chat", "baseUrl": f"{url}/v1"})
    tests = [
        {
            "id": f"order-{n}",
            "vars": {"message": f"Where is order A-{1000 + n}?"},
            "assert": [{"type": "contains", "value": "order"}],
        }
        for n in range(cases)
    ]
    head = {"apiVersion": "mooring/v1", "kind": "EvalSuite", "name": "orders", "version": "1.0.0"}
    about = {"description": "Many questions.", "owner": "@tidewater/support", "agent": "support"}
    _document(root / "evals/suites/orders.yaml", root, {**head, **about, "tests": tests})


def _document(path: Path, root: Path, body: dict[str, Any]) -> None:
    up = "../" * (len(path.relative_to(root).parts) - 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f"# yaml-language-server: $schema={up}schemas/{body['kind'].lower()}.schema.json\n"
    path.write_text(header + yaml.safe_dump(body, sort_keys=False, width=1000), encoding="utf-8")


@contextmanager
def _stub() -> Iterator[str]:
    """The URL of a stub in a process of its own."""
    command = [sys.executable, str(RIVALS / "stub.py"), str(ANSWER_SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.kill()
