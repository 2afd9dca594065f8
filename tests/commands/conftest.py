"""The command in process, on a copy of this repository's documents that is a git repository of its own."""

import json
import os
import re
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
SURROUNDINGS = {
    "PYTHONPATH": str(HOME / "scripts"),
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
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOORING_HOME", "MOORING_STATE", "GITHUB_ACTIONS", "GITHUB_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in SURROUNDINGS.items():
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
            env={**os.environ, **environ},
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


def copied(parent: Path) -> Repo:
    """A committed copy of this repository's documents, listening on free ports."""
    root = parent / "repo"
    root.mkdir()
    for folder in ("configs", "prompts", "evals", "schemas"):
        if (HOME / folder).is_dir():
            shutil.copytree(HOME / folder, root / folder)
    (root / ".gitignore").write_text("/.mooring/\n")
    for environment in (root / "configs/environments").glob("*.yaml"):
        text = re.sub(r"listen: \S+", "listen: 127.0.0.1:0", environment.read_text())
        environment.write_text(re.sub(r"bakeSeconds: \S+", "bakeSeconds: 0.2", text))
    found = Repo(root)
    found.git("init", "-q", "-b", "main")
    found.commit("documents")
    return found


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return copied(tmp_path)


@pytest.fixture(scope="module")
def documents_copy() -> Iterator[Callable[[Path], Repo]]:
    """Makes such a copy below a folder, for all tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SURROUNDINGS.items():
            patch.setenv(name, value)
        yield copied


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """The same with environment `local` up, for all tests of a module; down again afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SURROUNDINGS.items():
            patch.setenv(name, value)
        found = copied(tmp_path_factory.mktemp("running"))
        try:
            assert main(["-C", str(found.root), "--json", "up"]) == 0
            yield found
        finally:
            main(["-C", str(found.root), "--json", "down"])
