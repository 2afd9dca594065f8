"""A copy of the tests' documents, drilled with real processes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.exercises.documents import release_of
from mooring.operate.exercises.outcome import Exercised
from mooring.operate.exercises.table import exercise, opened
from mooring.spec.environment import Exercise
from mooring.targets import table
from tests.repository import Repo, copied, surrounded

Drill = Callable[..., Exercised]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """One agent, whose breakers let calls through again soon, and a bake that is long enough to see anything."""
    found = copied(tmp_path)
    local = "configs/environments/local.yaml"
    found.edit(local, "agents: [support, incident]", "agents: [support]")
    found.edit(local, "breaker.openSeconds: 5", "breaker.openSeconds: 1")
    found.edit(local, "bakeSeconds: 0.2", "bakeSeconds: 20")
    found.edit(local, "    - agent: incident\n      say: What can you do?\n      expect: (?i)metrics\n", "")
    return found


@pytest.fixture
def drill(repo: Repo) -> Iterator[Drill]:
    """Runs a live drill of environment `local`."""

    def run(name: Exercise, **options: Any) -> Exercised:
        said: list[str] = []
        environment = release_of(repo.root, "local").content.environment
        with opened(name, repo.root, environment, table.target, said.append) as scratch:
            return exercise(name, environment, **options)(scratch)

    with surrounded():
        yield run
