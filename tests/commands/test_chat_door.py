"""The door's process ends when it is told to and when nobody is left, and takes over only after the one before it."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from mooring.commands.beside import ALONE
from mooring.commands.chat_door import LOCK
from tests.repository import until

pytestmark = pytest.mark.slow

MODULE = ("-m", "mooring.commands.chat_door")

TOLD_EARLY = """
import os, signal, sys
from mooring.commands import chat_door
class Door(chat_door.Door):
    def __init__(self, *around):
        os.kill(os.getpid(), signal.SIGTERM)
        super().__init__(*around)
chat_door.Door = Door
sys.exit(chat_door.main(sys.argv[1:]))
"""


@contextmanager
def started(folder: Path, supervisor: int, *command: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """One with this supervisor, and its address."""
    (folder / "doors").mkdir(exist_ok=True)
    (folder / "states" / "local").mkdir(parents=True, exist_ok=True)
    environments = folder / "configs" / "environments"
    environments.mkdir(parents=True, exist_ok=True)
    (environments / "local.yaml").write_text("target: {type: local}\n")
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        options = [f"--root={folder}", f"--state={folder / 'states' / 'local'}", f"--doors={folder / 'doors'}"]
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


def alive(url: str) -> bool:
    with suppress(OSError), urlopen(f"{url}/livez", timeout=30) as answer:
        return bool(answer.status == 200)
    return False


def test_told_to_end_while_it_starts_it_ends(tmp_path: Path) -> None:
    with started(tmp_path, os.getpid(), "-c", TOLD_EARLY) as (process, _url):
        assert process.wait(timeout=60) == 0


def test_told_to_end_while_it_answers_it_ends(tmp_path: Path) -> None:
    with started(tmp_path, os.getpid(), *MODULE) as (process, url):
        until(lambda: alive(url))
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_it_ends_when_its_supervisor_is_gone_and_nothing_runs(tmp_path: Path) -> None:
    with started(tmp_path, 2**30, *MODULE) as (process, url):
        until(lambda: alive(url))
        assert process.wait(timeout=ALONE + 60) == 0


def test_it_hears_at_once_and_ends_though_another_door_still_has_the_work(tmp_path: Path) -> None:
    with started(tmp_path, os.getpid(), *MODULE) as (process, url):
        until(lambda: alive(url))
        lock = tmp_path / "states" / "local" / LOCK
        until(lock.exists)
        with started(tmp_path, os.getpid(), *MODULE) as (second, there):
            until(lambda: alive(there))
            with lock.open("rb") as opened, pytest.raises(BlockingIOError):
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=60) == 0
        assert process.poll() is None


def test_it_goes_first_when_memory_is_short(tmp_path: Path) -> None:
    with started(tmp_path, os.getpid(), *MODULE) as (process, url):
        until(lambda: alive(url))
        assert int(Path(f"/proc/{process.pid}/oom_score_adj").read_text()) > 0
