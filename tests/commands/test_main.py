"""Whatever happens, a call ends with an exit code and one line, or exactly one JSON object."""

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring import main as door
from mooring.commands.table import VERBS
from mooring.errors import Failed, FindingsError, Refused, UsageError
from mooring.finding import Finding
from mooring.outcome import Outcome, Reason

BROKEN = Finding("configs/a.yaml", 3, "tools", "no such tool", "reference")


class Verb:
    """Stands in for a verb's module."""

    def __init__(self, run: Callable[[], Outcome]) -> None:
        self._run = run

    def run(self, *_: object) -> Outcome:
        return self._run()


def ending(error: BaseException) -> Callable[[], Outcome]:
    def run() -> Outcome:
        raise error

    return run


ENDINGS: list[tuple[Callable[[], Outcome], int, str, str]] = [
    (lambda: Outcome(Reason.VALID), 0, "valid", ""),
    (lambda: Outcome(Reason.GUARDED), 1, "guarded", ""),
    (ending(UsageError("wrong", "so")), 2, "usage", "moor: error: wrong\nfix: so\n"),
    (ending(Refused(Reason.LOCKED, "held", "wait")), 1, "locked", "moor: error: held\nfix: wait\n"),
    (ending(Failed(Reason.DEADLINE, "late")), 1, "deadline", "moor: error: late\n"),
    (ending(Failed(Reason.STORAGE, "two\nlines")), 1, "storage", "moor: error: two lines\n"),
    (ending(FindingsError([BROKEN])), 1, "findings", f"{BROKEN}\nmoor: error: 1 finding\n"),
    (ending(KeyboardInterrupt()), 130, "interrupted", "moor: error: interrupted\n"),
]


@pytest.mark.parametrize(("run", "code", "reason", "said"), ENDINGS, ids=[reason for _, _, reason, _ in ENDINGS])
def test_every_ending_has_its_exit_code_and_one_line(
    run: Callable[[], Outcome], code: int, reason: str, said: str, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "verb", lambda _: Verb(run))
    plain = moor("validate")
    assert (plain.code, plain.out, plain.err) == (code, "", said)
    told = moor("validate", "--json")
    assert (told.code, told.json["reason"], told.json["ok"], told.err) == (code, reason, code == 0, "")


def test_findings_are_data_for_a_machine(moor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "verb", lambda _: Verb(ending(FindingsError([BROKEN]))))
    assert moor("validate", "--json").json["findings"][0]["line"] == 3


def test_a_crash_is_one_line_with_a_log_that_holds_the_traceback(
    moor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(door, "verb", lambda _: Verb(ending(ZeroDivisionError("a\nb"))))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    crashed = moor("validate")
    assert (crashed.code, crashed.out) == (3, "")
    assert crashed.error == "this should not have happened: ZeroDivisionError: a b"
    (log,) = tmp_path.glob("moor-crash-*.log")
    assert str(log) in crashed.err
    assert "Traceback" in log.read_text()


def test_data_cannot_hide_how_it_ended(moor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "verb", lambda _: Verb(lambda: Outcome(Reason.VALID, {"reason": "x", "ok": False})))
    assert moor("validate", "--json").json == {"reason": "valid", "ok": True}


def test_no_command_shows_the_overview_and_is_a_wrong_call(moor: Any) -> None:
    shown = moor()
    assert (shown.code, shown.out) == (2, "")
    assert "start here:" in shown.err
    assert moor("--json").json["reason"] == "usage"


@pytest.mark.parametrize("arguments", [["valdate"], ["validate", "--x"], ["-C"]])
def test_a_wrong_call_is_json_too(arguments: list[str], moor: Any) -> None:
    told = moor(*arguments, "--json") if arguments != ["-C"] else moor("--json", *arguments)
    assert (told.code, told.json["ok"], told.err) == (2, False, "")


def test_help_and_version_are_results(moor: Any) -> None:
    assert moor("--help").code == 0
    pyproject = tomllib.loads((Path(door.__file__).parents[2] / "pyproject.toml").read_text())
    assert moor("--version").out == f"moor {pyproject['project']['version']}\n"


def test_outside_a_repository_is_one_line(moor: Any, tmp_path: Path) -> None:
    told = moor("-C", tmp_path, "validate")
    assert told.code == 2
    assert told.error.startswith("no repository here")


@pytest.mark.parametrize("arguments", [["completion", "bash"], ["completion", "bash", "--json"], ["--help"]])
def test_a_reader_that_left_ends_it_quietly(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "mooring", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=20)
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode in (0, 1)  # argparse ends its help with 0 whoever reads it


def run(command: str, *, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, "MOOR": f"{sys.executable} -m mooring"}
    return subprocess.run(["bash", "-c", command], cwd=cwd, env=environ, capture_output=True, text=True, timeout=20)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["--help", "completion bash", "validate --json"])
def test_nowhere_to_write_is_no_traceback(arguments: str, tmp_path: Path) -> None:
    closed = run(f"$MOOR {arguments} >&- 2>&-", cwd=tmp_path)
    assert (closed.stdout, closed.stderr) == ("", "")
    full = run(f"$MOOR {arguments} > /dev/full", cwd=tmp_path)
    assert "Traceback" not in full.stderr
    assert "Exception ignored" not in full.stderr


def test_a_full_disk_under_the_output_is_one_line() -> None:
    full = run("$MOOR completion bash > /dev/full")
    assert (full.returncode, full.stderr) == (1, "moor: error: cannot write the output: No space left on device\n")


def test_a_terminal_without_unicode_gets_question_marks() -> None:
    told = run("PYTHONIOENCODING=ascii $MOOR --help")
    assert (told.returncode, told.stderr) == (0, "")
    assert "COMMAND ?" in told.stdout


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    told = run("mkdir x && cd x && rmdir ../x && $MOOR validate", cwd=tmp_path)
    assert told.returncode == 2
    assert told.stderr.startswith("moor: error: the current folder does not exist any more")


ARGUMENTS = {"plan": ["x"], "release": ["show", "x"], "deploy": ["x"], "rollback": ["x"], "restart": ["x"]}
ARGUMENTS |= {"history": ["x"], "logs": ["x"], "import": ["x"], "export": ["tools"]}


@pytest.mark.parametrize("name", [name for name in VERBS if name != "completion"])
def test_every_verb_tells_a_machine_that_there_is_no_repository(name: str, moor: Any, tmp_path: Path) -> None:
    told = moor("-C", tmp_path, name, *ARGUMENTS.get(name, []), "--json")
    assert (told.code, told.json["reason"], told.err) == (2, "usage", "")


INTERRUPTED = """
import sys, time
import mooring.main as door

class Verb:
    def run(*_):
        print("ready", flush=True)
        time.sleep(60)

door.verb = lambda name: Verb
sys.exit(door.main(["validate"]))
"""


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_a_process_with_130_and_no_traceback() -> None:
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert (process.returncode, told) == (130, "moor: error: interrupted\n")
