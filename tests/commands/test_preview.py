"""`moor preview` with real processes: what a branch would serve, beside what is live, until its end."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.repository import Repo, copied

HELP = "evals/simulator/5-help.yaml"
SECRET = "PREVIEW_SECRET"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A branch whose agent says something else."""
    repo = copied(tmp_path)
    repo.git("switch", "-q", "-c", "shorter")
    repo.edit(HELP, "I am the support assistant of the shop. I can", "SHORTER. I can")
    repo.commit("shorter")
    repo.git("switch", "-q", "main")
    return repo


def moor(repo: Repo, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "mooring", "-C", str(repo.root), *arguments, "--json"],
        env={**os.environ, SECRET: "hush"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def ask(url: str) -> str:
    body = {"model": "support", "messages": [{"role": "user", "content": "What can you do?"}]}
    answer = httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=60).raise_for_status().json()
    return str(answer["choices"][0]["message"]["content"])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_branch_is_talked_to_until_its_preview_is_ended_and_nothing_is_left(repo: Repo) -> None:
    made = moor(repo, "preview", "local", "--ref", "shorter", "--for", "30m", "--detach")
    process = psutil.Process(made["pid"])
    try:
        assert made["commit"] == repo.git("rev-parse", "shorter").strip()
        assert "SHORTER" in ask(made["url"])
        children = process.children(recursive=True)
        assert children
        assert [child for child in children if SECRET in child.environ()] == []
        (listed,) = moor(repo, "preview", "local", "--list")["previews"]
        assert listed == {name: made[name] for name in listed}
        moor(repo, "preview", "local", "--end", made["id"])
        assert moor(repo, "preview", "local", "--list")["previews"] == []
        with pytest.raises(httpx2.ConnectError):
            ask(made["url"])
        assert repo.git("status", "--porcelain") == ""
    finally:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_preview_ends_by_itself(repo: Repo) -> None:
    found = moor(repo, "preview", "local", "--ref", "shorter", "--for", "1s")
    assert found["reason"] == "changed"
    assert moor(repo, "preview", "local", "--list")["previews"] == []
    with pytest.raises(httpx2.ConnectError):
        ask(found["url"])


@pytest.mark.slow
def test_what_a_fork_brought_is_refused_before_anything_starts(repo: Repo) -> None:
    repo.git("switch", "-q", "--detach", "main")
    repo.edit(HELP, "I am the support assistant", "I read your secrets")
    repo.commit("theirs")
    commit = repo.git("rev-parse", "HEAD").strip()
    repo.git("switch", "-q", "main")
    found = moor(repo, "preview", "local", "--ref", commit, code=1)
    assert found["reason"] == "guarded"
    assert "no branch of this repository" in found["message"]


@pytest.mark.slow
def test_the_findings_of_the_branch_are_told(repo: Repo) -> None:
    repo.git("switch", "-q", "shorter")
    repo.edit("configs/environments/local.yaml", "tier: development", "tier: nowhere")
    repo.commit("broken")
    repo.git("switch", "-q", "main")
    assert moor(repo, "preview", "local", "--ref", "shorter", code=1)["reason"] == "findings"


def test_a_preview_that_is_not_there_is_not_ended(repo: Repo) -> None:
    assert "no preview 1a2b" in moor(repo, "preview", "local", "--end", "1a2b", code=2)["message"]


def test_a_week_is_too_long(repo: Repo) -> None:
    assert "24 h at most" in moor(repo, "preview", "local", "--for", "7d", code=2)["message"]
