"""Whatever documents stand at the root, the code's tests pass: they have documents of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import EXAMPLE, HOME

ANOTHER = HOME / "tests/another"
LIVE = ("configs", "prompts", "evals", "scripts/tools")
TESTS = ("catalog", "change", "evaluate", "exchange", "github", "release", "report", "simulator", "starter", "tools")
"""Folders whose tests read documents, or start processes that do."""


def test_a_test_cannot_read_the_documents_at_the_root() -> None:
    with pytest.raises(PermissionError, match="tests/content"):
        (HOME / "configs/anything.yaml").read_text()
    with pytest.raises(PermissionError, match="tests/content"):
        os.listdir(HOME / "prompts")  # noqa: PTH208 - the event is the function's


@pytest.mark.slow
def test_the_package_knows_nothing_of_the_example() -> None:
    places = [
        f"{path.relative_to(HOME)}:{number}: {line.strip()}"
        for path in sorted((HOME / "scripts/mooring").rglob("*"))
        if path.suffix in (".py", ".yaml", ".html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if EXAMPLE.search(line)
    ]
    assert places == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the repository with another team's documents in the place of the example's."""
    listed = ["git", "-C", str(HOME), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and not name.startswith(tuple(f"{folder}/" for folder in LIVE)) and (HOME / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOME / name, tmp_path / name)
    shutil.copytree(ANOTHER, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".venv").symlink_to((HOME / ".venv").resolve())
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tests_pass_with_another_teams_documents(elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    inner = tmp_path_factory.mktemp("inner")  # else those tests would clear away what other tests have left
    environ = os.environ | {"PYTHONPATH": str(elsewhere / "scripts")}
    moor = [sys.executable, "-m", "mooring", "-C", str(elsewhere)]
    for command in ([*moor, "schema", "--write"], [*moor, "validate"], [*moor, "eval", "--environment", "desk"]):
        subprocess.run(command, env=environ, check=True, capture_output=True)
    folders = [f"tests/{folder}" for folder in TESTS]
    arguments = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "-n", "2", f"--basetemp={inner}", *folders]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=elsewhere, env=environ, capture_output=True, text=True
    )
    if done.returncode:
        pytest.fail(done.stdout[-5000:], pytrace=False)
