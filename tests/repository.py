"""A copy of the tests' own documents that is a git repository of its own, with environments on free ports.

Tests never read the documents at the root: those are of whoever uses this repository.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main

HOME = Path(__file__).parents[1]
CONTENT = HOME / "tests/content"
"""The example's documents, as far as tests are concerned."""
EXAMPLE = re.compile(r"tidewater|\b(shop|(?-i:oncall)|runbooks?|refunds?)\b", re.IGNORECASE)
"""Words of the example, which the package does not know and `moor init` leaves nothing of; `onCall` is a key."""
COPIES = """\
# yaml-language-server: $schema=../../schemas/export.schema.json
apiVersion: mooring/v1
kind: Export
name: copies
version: 1.0.0
description: Copies of what is said.
owner: "@tidewater/platform"
destination: {{url: {url}}}
"""
"""A document that exports to a folder."""
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
class Repo:
    """A git repository with documents."""

    root: Path

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, env=os.environ | SURROUNDINGS, capture_output=True, text=True, check=True).stdout

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def keep_suites(self, names: Collection[str]) -> None:
        """Commits that there are no others, and tags that `start`."""
        folder = self.root / "evals/suites"
        for file in folder.rglob("*.yaml"):
            if str(file.relative_to(folder).with_suffix("")) not in names:
                file.unlink()
        self.commit("fewer suites")
        self.git("tag", "start")

    def export(self, folder: Path) -> None:
        """Has environment local export its state to a folder, from the next commit on."""
        document = self.root / "configs/environments/local.yaml"
        document.write_text(f"{document.read_text()}export: copies\n")
        (self.root / "configs/operations/copies.yaml").write_text(COPIES.format(url=folder.as_uri()))

    def commit(self, message: str = "change") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


def until(holds: Callable[[], Any], seconds: float = 60, pause: float = 0.1) -> Any:
    """What a call returns as soon as that is true of it."""
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(pause)
    return value


def copied(parent: Path) -> Repo:
    """A committed copy of the tests' documents, listening on free ports."""
    root = parent / "repo"
    root.mkdir()
    shutil.copytree(CONTENT, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(HOME / "schemas", root / "schemas")
    (root / ".gitignore").write_text("/.mooring/\n")
    for environment in (root / "configs/environments").glob("*.yaml"):
        text = re.sub(r"listen: \S+", "listen: 127.0.0.1:0", environment.read_text())
        environment.write_text(re.sub(r"bakeSeconds: \S+", "bakeSeconds: 0.2", text))
    found = Repo(root)
    found.git("init", "-q", "-b", "main")
    found.commit("documents")
    return found


@contextmanager
def surrounded(*sources: Path) -> Iterator[None]:
    """Commands in this process, and what they start, take nothing from this machine; modules in `sources` come first.

    As short as can be: a test that comes later in the same process is none of theirs.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SURROUNDINGS.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", os.pathsep.join([*map(str, sources), SURROUNDINGS["PYTHONPATH"]]))
        yield


@contextmanager
def up(found: Repo, *sources: Path) -> Iterator[Repo]:
    """The same with environment `local` up, and down again afterwards."""
    try:
        with surrounded(*sources):
            assert main(["-C", str(found.root), "--json", "up"]) == 0
        yield found
    finally:
        with surrounded(*sources):
            main(["-C", str(found.root), "--json", "down"])
