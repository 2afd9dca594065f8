"""A monitor that does not end when it is told to is killed, so that the next one can watch."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.targets.local import monitor
from mooring.targets.local.memory import Memory

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def test_one_that_does_not_end_is_killed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "ENDING", 0.5)
    memory = Memory(tmp_path / "supervisor.json")
    kept = monitor.Monitor(tmp_path, tmp_path, "local", memory, (sys.executable, "-c", DEAF))
    kept.ensure(None, True, os.environ)
    process = kept._process
    assert process
    try:
        until(lambda: "deaf" in (tmp_path / "monitor.log").read_text())
        kept.stop()
        time.sleep(0.2)
        assert process.poll() is None
        kept._next = time.monotonic() + 60  # no other one

        def killed() -> bool:
            kept.ensure(None, True, os.environ)
            return process.poll() is not None

        until(killed)
    finally:
        process.kill()
        process.wait()
        if kept._socket:
            kept._socket.close()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
