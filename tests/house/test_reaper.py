"""A test run that is killed leaves no process behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

RUN = """
import subprocess, sys
from tests import reaper
reaper.mark()
with reaper.reaper():
    print(subprocess.Popen(["sleep", "60"], start_new_session=True).pid, flush=True)
    sys.stdin.read()
"""


def test_a_daemon_ends_with_the_run_that_started_it_and_was_killed() -> None:
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", RUN], stdin=pipe, stdout=pipe, env=environ) as run:
        assert run.stdout
        daemon = psutil.Process(int(run.stdout.readline()))
        assert daemon.is_running()
        run.kill()
    end = time.monotonic() + 10
    while daemon.is_running() and daemon.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.01)
