"""`python reaper.py MARK`: once its input ends, kills every process that carries the mark.

Supervisors, slots and simulators outlive whoever started them, since that is what they are for. So do those of a
test run that was killed, unless somebody sees to it who was not.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

VARIABLE = "MOORING_TEST_RUN"
"""The environment variable with the mark; whatever a test starts inherits it."""


def mark() -> None:
    """Marks what this process starts from now on."""
    os.environ[VARIABLE] = secrets.token_hex(8)


@contextmanager
def reaper() -> Iterator[None]:
    """One that waits for the end of this process, however it comes; of a session of its own, as Ctrl-C reaches all."""
    command = [sys.executable, "-I", __file__, os.environ[VARIABLE]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as waiting:
        yield
        assert waiting.stdin
        waiting.stdin.close()


def bury(name: str) -> None:
    """Kills until a look finds nobody: one that is killed may just have started another."""
    while found := list(carrying(name)):
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)


def carrying(name: str) -> Iterator[psutil.Process]:
    """Processes that carry the mark, except this one and those that only wait for their parents."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(VARIABLE) == name:
                yield process


if __name__ == "__main__":
    sys.stdin.read()
    bury(sys.argv[1])
