"""The process of the monitor ends when it is told to, and when nobody is left, whatever its disk says."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from mooring.commands.beside import ALONE

pytestmark = pytest.mark.slow

MODULE = ("-m", "mooring.commands.monitor")

TOLD_EARLY = """
import os, signal, sys
from mooring.commands import monitor
class Sources(monitor._Sources):
    def __init__(self, *around):
        os.kill(os.getpid(), signal.SIGTERM)
        super().__init__(*around)
monitor._Sources = Sources
sys.exit(monitor.main(sys.argv[1:]))
"""


@contextmanager
def started(folder: Path, supervisor: int, *command: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """One with this supervisor, and its address."""
    for name in ("state", "doors"):
        (folder / name).mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        options = [f"--root={folder}", f"--state={folder / 'state'}", f"--doors={folder / 'doors'}"]
        options += [f"--handover={folder / 'handover'}", "--environment=local", f"--listen-fd={listening.fileno()}"]
        process = subprocess.Popen(
            [sys.executable, *command, *options, f"--supervisor={supervisor}"],
            pass_fds=(listening.fileno(),),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "scripts")},
        )
        try:
            yield process, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.kill()
            process.wait()


def test_a_disk_that_refuses_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with started(tmp_path, 2**30, *MODULE) as (process, url):
        until_answered(url)
        while not state.is_file():  # it may make the folder again in between
            state.rename(tmp_path / f"gone-{monotonic()}")
            with suppress(FileExistsError):
                state.touch(exist_ok=False)
        sleep(1)
        with pytest.raises(HTTPError):
            urlopen(f"{url}/metrics", timeout=10)
        assert process.wait(timeout=ALONE + 50) == 0


def test_told_to_end_while_it_starts_it_ends(tmp_path: Path) -> None:
    with started(tmp_path, os.getpid(), "-c", TOLD_EARLY) as (process, _url):
        assert process.wait(timeout=60) == 0


def test_told_to_end_while_it_answers_it_ends(tmp_path: Path) -> None:
    with started(tmp_path, os.getpid(), *MODULE) as (process, url):
        until_answered(url)
        process.terminate()
        assert process.wait(timeout=60) == 0


def until_answered(url: str) -> None:
    end = monotonic() + 60
    while monotonic() < end:
        with suppress(OSError), urlopen(f"{url}/metrics", timeout=30):
            return
