"""deepeval is installed when a suite asks for it, and the command starts again in the environment that has it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = """
    import sys
    import mooring.commands.judges as judges
    from mooring.errors import MooringError
    from mooring.report.console import Console
    from mooring.spec import EvalSuite

    judges.installed = lambda: False
    asserted = {"type": sys.argv[1], "value": "kind"}
    suite = EvalSuite.model_validate({
        "apiVersion": "mooring/v1", "kind": "EvalSuite", "name": "s", "version": "1.0.0", "description": "d",
        "owner": "@a/b", "agent": "a", "tests": [{"id": "x", "vars": {"message": "Hi"}, "assert": [asserted]}],
    })
    try:
        judges.provide([suite], Console())
        print("went on")
    except MooringError as error:
        print(error.reason, error)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository whose set-up makes an environment with a python that tells how it is called."""
    (tmp_path / "scripts").mkdir()
    python = tmp_path / "made/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "again: $*"\n')
    python.chmod(0o755)
    (tmp_path / "scripts/bootstrap.py").write_text(
        "import pathlib, sys\n"
        "root = pathlib.Path(__file__).parents[1]\n"
        "assert sys.argv[1:] == ['--eval']\n"
        "(root / 'broken').exists() and sys.exit(1)\n"
        "(root / '.venv').symlink_to('made')\n"
    )
    return tmp_path


def run(home: Path | None, type_: str = "llm-rubric", **environ: str) -> str:
    sources = str(Path(__file__).parents[2] / "scripts")
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": sources, **environ}
    if home:
        given["MOORING_HOME"] = str(home)
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), type_]
    return subprocess.run(command, capture_output=True, text=True, env=given, timeout=60, check=True).stdout


@pytest.mark.slow
def test_the_command_starts_again_where_deepeval_is(home: Path) -> None:
    assert "again: -m mooring llm-rubric" in run(home)


@pytest.mark.slow
def test_bleu_needs_the_same_environment(home: Path) -> None:
    assert "again: -m mooring bleu" in run(home, "bleu")
    assert run(home, "levenshtein") == "went on\n"


@pytest.mark.slow
def test_a_suite_that_asks_no_judge_installs_nothing(home: Path) -> None:
    assert run(home, "contains") == "went on\n"
    assert not (home / ".venv").exists()


def test_what_cannot_be_installed_is_said_once(home: Path) -> None:
    (home / "broken").touch()
    assert "not-ready deepeval and sacrebleu could not be installed" in run(home)


@pytest.mark.slow
def test_nothing_is_tried_for_ever(home: Path) -> None:
    assert "not-ready" in run(home, MOORING_EVAL_TRIED="1")
    assert "not-ready" in run(None)
