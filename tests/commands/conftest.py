"""The command in process, on a copy of this repository's documents that is a git repository of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main

HOME = Path(__file__).parents[2]
SURROUNDINGS = ("MOORING_HOME", "MOORING_STATE", "GITHUB_ACTIONS", "GITHUB_ACTOR")
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{who}_{what}": f"test{'@example.com' if what == 'EMAIL' else ''}"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}


@dataclass(frozen=True)
class Said:
    """What a call printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> str:
        """The one `moor: error:` line; a traceback or a second error fails the test."""
        assert "Traceback" not in self.out + self.err
        errors = [line for line in self.err.splitlines() if line.startswith("moor: error: ")]
        assert len(errors) == 1, self.err
        return errors[0].removeprefix("moor: error: ")


Moor = Callable[..., Said]


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def moor(capsys: pytest.CaptureFixture[str]) -> Moor:
    """Runs the command in this process."""

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def process() -> Moor:
    """Runs the command as a process of its own."""

    def run(*arguments: str | Path, **environ: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "mooring", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(HOME / "scripts"), **environ},
            capture_output=True,
            text=True,
            timeout=100,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@dataclass(frozen=True)
class Repo:
    """A git repository with documents."""

    root: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def commit(self, message: str = "change") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


Make = Callable[[Path], Repo]


@pytest.fixture(scope="session")
def make_repo() -> Make:
    """Makes a committed copy of this repository's documents, listening on free ports."""

    def make(root: Path) -> Repo:
        for folder in ("configs", "prompts", "evals", "schemas", "scripts/tools"):
            if (HOME / folder).is_dir():
                shutil.copytree(HOME / folder, root / folder)
        (root / ".gitignore").write_text("/.mooring/\n")
        for environment in (root / "configs/environments").glob("*.yaml"):
            lines = environment.read_text().splitlines(keepends=True)
            environment.write_text(
                "".join("  listen: 127.0.0.1:0\n" if line.startswith("  listen:") else line for line in lines)
            )
        found = Repo(root)
        found.git("init", "-q", "-b", "main")
        found.commit("documents")
        return found

    return make


@pytest.fixture
def repo(make_repo: Make, tmp_path: Path) -> Repo:
    """A committed copy of this repository's documents, listening on free ports."""
    return make_repo(tmp_path / "repo")


@pytest.fixture(scope="module")
def module_running(make_repo: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """Such a copy with environment `local` up, for the tests of a whole module."""
    command, environ = [sys.executable, "-m", "mooring"], {**os.environ, **GIT, "PYTHONPATH": str(HOME / "scripts")}
    for name in SURROUNDINGS:
        environ.pop(name, None)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in GIT.items():
            patch.setenv(name, value)
        found = make_repo(tmp_path_factory.mktemp("running") / "repo")
    place = ["-C", str(found.root)]
    up = subprocess.run([*command, *place, "up"], env=environ, capture_output=True, text=True, timeout=100)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        yield found
    finally:
        subprocess.run([*command, *place, "down"], env=environ, capture_output=True, timeout=100)


@pytest.fixture
def running(repo: Repo, moor: Moor) -> Iterator[Repo]:
    """The same with environment `local` up; down again afterwards."""
    up = moor("-C", repo.root, "up", "--json")
    try:
        assert up.code == 0, up.out + up.err
        yield repo
    finally:
        moor("-C", repo.root, "down")
