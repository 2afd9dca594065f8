"""`python leftovers.py MARK FOLDER`: once its input ends, kills every process that carries the mark.

What a drill starts outlives whoever started it, since that is what supervisors and slots are for. This sees to it also
when the drill itself is killed. It imports nothing of the package, so that it stands at once.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

VARIABLE = "MOORING_DRILL"
"""The environment variable with the mark; whatever a drill starts inherits it."""


@contextmanager
def cleared(mark: str, folder: str) -> Iterator[None]:
    """Marks what this process starts within the block; at its end, however it comes, none of it is left.

    `folder` is removed too.
    """
    # Of a session of its own: Ctrl-C reaches all processes of a terminal's.
    command = [sys.executable, "-I", __file__, mark, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as waiting:
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = mark
        try:
            yield
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before
            if waiting.stdin:
                waiting.stdin.close()
            waiting.wait()


def clear(mark: str, folder: str) -> None:
    """Kills until a look finds nobody: one that is killed may just have started another."""
    while found := list(carrying(mark)):
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)
    mounted = [part.mountpoint for part in psutil.disk_partitions(all=True)]
    for disk in [place for place in mounted if place.startswith(f"{folder}/")]:
        subprocess.run(["umount", "-l", disk], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def carrying(mark: str) -> Iterator[psutil.Process]:
    """Processes that carry the mark, except this one and those that have ended."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(VARIABLE) == mark:
                yield process


if __name__ == "__main__":
    sys.stdin.buffer.read()
    clear(*sys.argv[1:3])
