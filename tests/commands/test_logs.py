"""Logs of processes are there to read and to follow, whether they run or not."""

import signal
import subprocess
import sys
from typing import Any

import pytest

from mooring.commands.logs import PROCESSES


def test_what_was_never_written_is_said(moor: Any, repo: Any) -> None:
    told = moor("-C", repo.root, "logs", "local")
    assert (told.code, told.out, told.err) == (0, "", "moor: note: supervisor wrote nothing yet\n")


@pytest.mark.parametrize("process", [one for one in PROCESSES if one != "keeper"])
def test_every_process_has_a_log(process: str, moor: Any, repo: Any) -> None:
    log = repo.root / f".mooring/local/{process}.log"
    log.parent.mkdir(parents=True)
    log.write_text("it is well\n")
    assert moor("-C", repo.root, "logs", "local", process).out == "it is well\n"


def test_one_machine_has_no_keeper(moor: Any, repo: Any) -> None:
    told = moor("-C", repo.root, "logs", "local", "keeper")
    assert told.code == 2
    assert "no log keeper" in told.err


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_a_log_is_followed_until_an_interrupt_also_into_a_new_file(repo: Any) -> None:
    log = repo.root / ".mooring/local/blue.log"
    log.parent.mkdir(parents=True)
    log.write_text("old\nnewest\n")
    command = [sys.executable, "-m", "mooring", "logs", "local", "blue", "--lines", "1", "--follow"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=repo.root, **pipes) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "newest\n"
            with log.open("a") as file:
                file.write("added\n")
            assert process.stdout.readline() == "added\n"
            log.replace(log.with_suffix(".log.1"))
            log.write_text("again\n")
            assert process.stdout.readline() == "again\n"
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, told) == (0, "")
