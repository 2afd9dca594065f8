"""Processes of an evaluation are forked from one that is kept for the next evaluation, and for nobody else."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import pytest

from mooring.errors import Failed
from mooring.evaluate import fork_server, processes
from mooring.evaluate.processes import Process, fork

HOME = Path(__file__).parents[3]
ASK = "from tests.evaluate.run.test_processes import about; from mooring.evaluate.processes import fork; "
ASK += "print(fork(about).connection.recv()['parent'])"


def about(connection: Connection) -> None:
    connection.send({"parent": os.getppid(), "folder": str(Path.cwd()), "value": os.environ.get("MOORING_TEST_VALUE")})


def waiting(connection: Connection) -> None:
    connection.send("here")
    connection.recv()


def failing(connection: Connection) -> None:
    raise ValueError("it failed")


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fork server of the test's own."""
    with tempfile.TemporaryDirectory(prefix="moor-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        monkeypatch.delenv("CI", raising=False)
        processes._socket.cache_clear()
        yield Path(folder)
        for server in psutil.process_iter():
            if any(folder in word for word in cmdline(server)):
                server.kill()
    processes._socket.cache_clear()


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def told() -> Any:
    with fork(about) as process:
        return process.connection.recv()


def elsewhere(**environ: str) -> int:
    """The fork server that another process is served by."""
    path = f"{HOME / 'scripts'}{os.pathsep}{HOME}"
    command, variables = [sys.executable, "-c", ASK], os.environ | {"PYTHONPATH": path} | environ
    return int(subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout)


def ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.usefixtures("apart")
def test_one_server_is_kept_for_evaluations_to_come() -> None:
    first = elsewhere()
    assert elsewhere() == first
    assert not ended(first)


@pytest.mark.slow
@pytest.mark.usefixtures("apart")
def test_in_ci_it_ends_with_the_evaluation_that_started_it() -> None:
    first = elsewhere(CI="true")
    until(lambda: ended(first))
    assert elsewhere(CI="true") != first


@pytest.mark.slow
@pytest.mark.usefixtures("apart")
def test_another_python_path_is_served_by_another_one() -> None:
    assert told()["parent"] != elsewhere()


def test_a_process_has_the_surroundings_of_whoever_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told()
    monkeypatch.setenv("MOORING_TEST_VALUE", "later")
    monkeypatch.chdir(tmp_path)
    found = told()
    assert (found["value"], found["folder"]) == ("later", str(tmp_path))


@pytest.mark.slow
@pytest.mark.usefixtures("apart")
def test_a_process_imports_from_where_whoever_asked_for_it_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(tmp_path)  # whose server knows no tests
        processes.warm()
    assert told()["folder"] == str(Path.cwd())


@pytest.mark.slow
@pytest.mark.usefixtures("apart")
def test_a_server_that_was_killed_is_replaced() -> None:
    with fork(waiting) as still_there:
        assert still_there.connection.recv() == "here"
        first = told()["parent"]
        os.kill(first, signal.SIGKILL)
        assert told()["parent"] != first
        assert still_there.ended is False


def test_a_process_ends_when_whoever_asked_for_it_has() -> None:
    process = fork(waiting)
    assert process.connection.recv() == "here"
    assert process.ended is False
    process.connection.close()
    until(lambda: process.ended)


def test_a_process_can_be_killed_and_waited_for() -> None:
    process = fork(waiting)
    assert process.connection.recv() == "here"
    pid = process.pid
    process.kill()
    until(lambda: ended(pid))
    process.join(0)
    assert process.ended is True


def test_what_goes_wrong_in_a_process_is_written_where_it_was_asked_to(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log, fork(failing, output=log.fileno()) as process:
        with pytest.raises(EOFError):
            process.connection.recv()
        process.join(5)
    assert "ValueError: it failed" in (tmp_path / "log").read_text()


def test_only_its_user_reaches_the_server() -> None:
    told()
    folder = Path(os.environ["XDG_RUNTIME_DIR"], f"mooring-{os.getuid()}")
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o711])
def test_a_folder_that_others_may_enter_is_not_used(apart: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(apart))
    (apart / f"mooring-{os.getuid()}").mkdir(mode=mode)
    with pytest.raises(Failed, match="no folder for a socket"):
        told()


@pytest.mark.parametrize("runtime", ["/nowhere/run", "/proc", "long/" * 20])
def test_where_the_runtime_folder_is_of_no_use_the_temporary_one_is(
    apart: Path, monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(apart))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(apart / runtime))
    if runtime.startswith("long"):
        (apart / runtime).mkdir(parents=True)
    assert processes._socket().parent == apart / f"mooring-{os.getuid()}"


@pytest.mark.slow
def test_a_second_server_for_the_same_code_ends_at_once(apart: Path) -> None:
    told()
    (path,) = apart.rglob("*.sock")
    assert fork_server.main(path, 0.0) == 0
    assert path.exists()


def test_a_process_that_died_before_it_was_known_has_ended() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    process = Process(Pipe()[0], gone.pid)
    assert process.ended is True
    process.kill()
