"""A shell completes verbs, flags, environments, documents and digests, from the repository it stands in."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mooring import main as door

DIGEST = "a" * 64


def completed(line: str, cwd: Path, answer: Path) -> set[str]:
    """What the shell's function gets for a half-typed line: argcomplete's protocol."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(Path(door.__file__).parents[1]),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run([sys.executable, "-m", "mooring"], env=environ, cwd=cwd, timeout=20, check=False)
    return set(filter(None, answer.read_text().split("\013")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("moor va", {"validate"}),
        ("moor validate --ag", {"--against"}),
        ("moor deploy ", {"local", "production", "staging"}),
        ("moor plan pro", {"production"}),
        ("moor logs local b", {"blue"}),
        ("moor bump Agent/", {"Agent/incident", "Agent/support"}),
        ("moor rollback local --to sha256\\:", {f"sha256:{DIGEST}"}),
        ("moor completion z", {"zsh"}),
    ],
)
def test_names_are_completed(line: str, names: set[str], repo: Any, tmp_path: Path) -> None:
    releases = repo.root / ".mooring/local/releases"
    releases.mkdir(parents=True)
    (releases / f"{DIGEST}.json").touch()
    assert completed(line, repo.root, tmp_path / "answer") - {"-h", "--help"} == names


def test_outside_a_repository_there_is_nothing_to_complete(tmp_path: Path) -> None:
    assert completed("moor plan l", tmp_path, tmp_path / "answer") == set()


@pytest.mark.parametrize(
    ("shell", "known"), [("bash", "complete -o"), ("zsh", "#compdef moor"), ("fish", "complete --command moor")]
)
def test_every_shell_gets_its_script(shell: str, known: str, moor: Any) -> None:
    told = moor("completion", shell)
    assert told.code == 0
    assert known in told.out


@pytest.mark.slow
def test_the_script_works_in_bash(repo: Any, moor: Any, tmp_path: Path) -> None:
    command = tmp_path / "moor"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={Path(door.__file__).parents[1]} exec {sys.executable} -m mooring "$@"\n'
    )
    command.chmod(0o755)
    script = f"""{moor("completion", "bash").out}
        COMP_WORDS=(moor deploy st) COMP_CWORD=2 COMP_LINE='moor deploy st' COMP_POINT=14
        _python_argcomplete moor; echo "${{COMPREPLY[@]}}" """
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=repo.root, env=environ, capture_output=True, text=True, timeout=20
    )
    assert done.stdout.strip() == "staging"
