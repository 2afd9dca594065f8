"""An upgrade that ends early leaves no branch, and the next one starts again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Repo
from tests.upgrade.conftest import put, release

pytestmark = pytest.mark.slow

STEPS = ("upgrade", "schema", "validate", "eval")


def start(copy: Repo, template: Repo) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mooring", "-C", str(copy.root), "--json", "upgrade", str(template.root)]
    return subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "reached.step"


def hold(template: Repo, copy: Repo, verb: str, mark: Path) -> None:
    """A version whose command waits at a verb."""
    release(template, "0.4.0", {f"holds-{verb}": f"{mark}\n"})
    put(copy, {"evals/suites/a.yaml": "a\n"})
    copy.commit("A suite")


def left(copy: Repo) -> list[str]:
    """What an upgrade has made so far: branches, fetched refs and work trees."""
    refs = copy.git("for-each-ref", "--format=%(refname)", "refs/heads/mooring-upgrade-*", "refs/mooring").split()
    trees = [line for line in copy.git("worktree", "list", "--porcelain").splitlines() if "mooring-upgrade/" in line]
    return refs + trees + [str(path) for path in (copy.root / ".git/mooring-upgrade").glob("tree-*")]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("verb", STEPS)
def test_interrupted_at_any_step_nothing_is_left(
    template: Repo, copy: Repo, mark: Path, seen: Callable[[Repo], Any], verb: str
) -> None:
    hold(template, copy, verb, mark)
    before = seen(copy)
    with start(copy, template) as process:
        until(mark.exists)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["reason"]) == (130, "interrupted")
    assert "Traceback" not in err
    assert left(copy) == []
    assert seen(copy) == before


@pytest.mark.parametrize("verb", STEPS)
def test_killed_at_any_step_there_is_no_branch_and_the_next_run_starts_again(
    template: Repo, copy: Repo, mark: Path, seen: Callable[[Repo], Any], verb: str
) -> None:
    hold(template, copy, verb, mark)
    before = seen(copy)
    with start(copy, template) as process:
        until(mark.exists)
        process.kill()
    assert seen(copy) == before
    assert any("tree-" in line for line in left(copy))
    mark.with_suffix(".go").touch()
    with start(copy, template) as process:
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["branch"]) == (0, "mooring-upgrade-0.4.0")
    assert left(copy) == ["refs/heads/mooring-upgrade-0.4.0", "refs/mooring/upgrade/from", "refs/mooring/upgrade/to"]


def test_of_two_at_once_the_second_is_refused_and_the_first_ends_well(template: Repo, copy: Repo, mark: Path) -> None:
    hold(template, copy, "validate", mark)
    with start(copy, template) as first:
        until(mark.exists)
        with start(copy, template) as second:
            out, err = second.communicate(timeout=30)
        assert (second.returncode, json.loads(out)["reason"]) == (1, "locked")
        assert err == "" or "Traceback" not in err
        mark.with_suffix(".go").touch()
        out, _ = first.communicate(timeout=60)
    assert (first.returncode, json.loads(out)["offered"]) == (0, True)


def test_a_branch_that_somebody_makes_meanwhile_is_theirs(template: Repo, copy: Repo, mark: Path) -> None:
    hold(template, copy, "validate", mark)
    with start(copy, template) as process:
        until(mark.exists)
        copy.git("branch", "mooring-upgrade-0.4.0")
        mark.with_suffix(".go").touch()
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["reason"]) == (1, "storage")
    assert copy.git("rev-parse", "mooring-upgrade-0.4.0") == copy.git("rev-parse", "HEAD")


def test_a_work_tree_of_somebody_else_is_known_to_git_afterwards(template: Repo, copy: Repo, tmp_path: Path) -> None:
    copy.git("worktree", "add", "-q", str(tmp_path / "theirs"))
    (tmp_path / "theirs").rename(tmp_path / "unplugged")
    with start(copy, template) as process:
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert "theirs" in copy.git("worktree", "list")


def test_commits_made_meanwhile_are_not_lost(template: Repo, copy: Repo, mark: Path) -> None:
    hold(template, copy, "validate", mark)
    with start(copy, template) as process:
        until(mark.exists)
        put(copy, {"prompts/later.yaml": "later\n"})
        copy.commit("Later")
        mark.with_suffix(".go").touch()
        out, _ = process.communicate(timeout=60)
    copy.git("merge", "-q", "--no-edit", json.loads(out)["branch"])
    assert (copy.root / "prompts/later.yaml").read_text() == "later\n"
    assert (copy.root / "scripts/new.py").exists()
