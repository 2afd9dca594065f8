"""A slot that ends waits for what it is busy with, and runs what it started with to its end."""

import ast
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette

from mooring import runtime

RUNTIME = Path(runtime.__path__[0])


def test_an_ending_slot_waits_for_runs_that_no_request_waits_for(host):
    door = host(Starlette())
    left = [3, 2, 1, 0]

    def end(cap: float, background) -> float:
        started = time.monotonic()
        asyncio.run_coroutine_threadsafe(door.serving.stop(cap, 0, background), door.loop).result(10)
        return time.monotonic() - started

    end(5, lambda: left.pop(0) if left else 0)
    assert left == []
    assert end(0.1, lambda: 1) < 5


@pytest.mark.slow
def test_a_run_in_the_background_keeps_a_slot_busy(open_door, stub, reply, post):
    stub.script("primary-1", reply("hello", delay=0.4))
    door = open_door()
    with door.connect() as client:
        assert client.send(post({"message": "hi"}, "/agents/support/runs")).answer()[0] == 202
        door.until(lambda: door.runtime.accounting.in_flight == 0)
        assert door.runtime.busy() == 1
        door.until(lambda: door.runtime.busy() == 0)


@pytest.mark.slow
def test_whatever_is_imported_late_is_there_after_the_start():
    code = (
        "import mcp, mooring.runtime.door.app, sys;"
        "from mooring.runtime.process.preload import preload; preload();"
        "print(*(name for name in sys.modules if name.startswith('mooring.')))"
    )
    environ = os.environ | {"PYTHONPATH": str(RUNTIME.parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert late_imports() <= set(done.stdout.split())


def late_imports() -> set[str]:
    """Modules of ours that functions of the runtime import."""
    found: set[str] = set()
    for file in RUNTIME.rglob("*.py"):
        functions = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef))
        for node in (inner for function in functions for inner in ast.walk(function)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mooring."):
                found.add(node.module)
    assert "mooring.runtime.door.serving" in found
    return found
