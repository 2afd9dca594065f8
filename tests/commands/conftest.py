"""The command in process, on a copy of this repository's documents that is a git repository of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main
from tests.repository import Repo, copied, surrounded, up


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
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("MOORING_HOME", "MOORING_STATE", "GITHUB_ACTIONS", "GITHUB_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    with surrounded():
        yield


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


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return copied(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """The same with environment `local` up, for all tests of a module; down again afterwards."""
    with up(copied(tmp_path_factory.mktemp("running"))) as found:
        yield found
