"""Nothing that a drill has started outlives it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mooring.operate.exercises.leftovers import carrying

DRILL = """
import subprocess, sys, time
from mooring.operate.exercises.leftovers import cleared
with cleared({mark!r}, {folder!r}):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    print("begun", flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_a_drill_started_ends_with_it(number: signal.Signals, tmp_path: Path, interruptible: None) -> None:
    folder, mark = tmp_path / "scratch", f"test-{number}-{os.getpid()}"
    folder.mkdir()
    (folder / "file").write_text("state")
    command = [sys.executable, "-c", DRILL.format(mark=mark, folder=str(folder))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as drill:
        assert drill.stdout
        assert drill.stdout.readline() == "begun\n"
        assert len(list(carrying(mark))) == 1
        drill.send_signal(number)
        drill.wait(20)
    end = time.monotonic() + 20
    while (left := list(carrying(mark))) or folder.exists():
        assert time.monotonic() < end, left
        time.sleep(0.05)


def test_processes_of_others_are_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        assert other.pid not in {process.pid for process in carrying("a-mark-that-nobody-has")}
        assert psutil.pid_exists(other.pid)
        other.kill()
