"""`moor locks`: all locks in step, renewed by one pull request."""

from pathlib import Path
from typing import Any

import pytest

from tests.operate.renovation.conftest import index
from tests.operate.renovation.wheels import PROJECT, add
from tests.operate.repository.host import Host

__all__ = ["index"]

RENEW = ("locks", "--upgrade", "--cooldown", "0")


@pytest.fixture
def place(repo: Any, index: Path, moor: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository whose locks are committed, with a remote."""
    monkeypatch.chdir(repo.root)
    (repo.root / "pyproject.toml").write_text(PROJECT)
    for lock in ("requirements.lock", "requirements-eval.lock", "requirements-dev.lock", "requirements-model.lock"):
        (repo.root / lock).touch()
    assert moor("locks", "--add").code == 0
    repo.commit("locks")
    remote = repo.root.with_name("remote.git")
    repo.git("clone", "-q", "--bare", str(repo.root), str(remote))
    repo.git("remote", "add", "origin", str(remote))
    return repo


@pytest.mark.slow
def test_newer_versions_are_one_pull_request_that_goes_when_they_are_merged(
    place: Any, index: Path, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Host().serving() as host:
        for name, value in host.environ.items():
            monkeypatch.setenv(name, value)
        add(index, "base", "1.5")
        assert moor(*RENEW, "--propose").out == "base 1.0 → 1.5\nopened #1\n"
        assert place.git("status", "--porcelain") == ""
        changed = place.git("diff", "--name-only", "HEAD", "mooring/locks").split()
        assert changed == ["requirements-dev.lock", "requirements-eval.lock", "requirements.lock"]
        assert "base 1.0 → 1.5" in host.pulls[0]["body"]
        started = [(check, "mooring/locks") for check in ("validate.yml", "evaluate.yml", "drill.yml")]
        assert host.started == started
        assert moor(*RENEW, "--propose").out.endswith("#1 is as it should be\n")
        assert host.started == started
        place.git("merge", "-q", "mooring/locks")
        assert moor(*RENEW, "--propose").out == "nothing to propose: closed #1\n"
        assert place.git("ls-remote", "origin", "mooring/locks") == ""
    assert moor("locks").out == "the locks are in step\n"


@pytest.mark.slow
def test_locks_that_differ_are_a_refusal(place: Any, moor: Any) -> None:
    place.edit("requirements.lock", "base==1.0", "base==0.9")
    told = moor("locks")
    assert (told.code, told.out) == (1, "base is 0.9 in requirements.lock and 1.0 in requirements-eval.lock\n")
    assert moor("locks", "--json").json["reason"] == "conflicts"


@pytest.mark.slow
def test_without_packages_that_fit_nothing_is_written(place: Any, index: Path, moor: Any) -> None:
    (index / "base-1.0-py3-none-any.whl").unlink()
    assert moor(*RENEW).error.startswith("uv finds no versions that fit")
    assert place.git("status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--propose"], ["--upgrade", "--cooldown", "-1"], ["--add", "--upgrade"]])
def test_calls_that_mean_nothing_are_refused(arguments: list[str], place: Any, moor: Any) -> None:
    assert moor("locks", *arguments).code == 2


def test_a_repository_without_locks_is_told_so(repo: Any, moor: Any) -> None:
    assert "does not hold" in moor("-C", repo.root, "locks").error
