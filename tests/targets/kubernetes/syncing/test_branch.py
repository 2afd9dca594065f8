"""A folder of a branch that others push to as well, by real git."""

import subprocess
from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.targets.kubernetes.syncing.branch import Branch


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=ann", "-c", "user.email=ann@example.test")
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "remote.git"], check=True)
    return tmp_path / "remote.git"


def clone(remote: Path, name: str) -> Path:
    root = remote.parent / name
    subprocess.run(["git", "init", "-q", root], check=True)
    git(root, "remote", "add", "origin", str(remote))
    return root


@pytest.fixture
def branch(remote: Path) -> Branch:
    return Branch(clone(remote, "mine"), "origin", "deploy", "clusters/production")


def test_a_branch_that_is_not_there_is_begun(branch: Branch, remote: Path) -> None:
    held = branch.read()
    assert (held.commit, held.files) == (None, {})
    commit = branch.write(held, {"a.yaml": "a: 1\n"}, "production: begin\n")
    assert git(remote, "rev-parse", "deploy") == commit
    assert branch.read().files == {"a.yaml": "a: 1\n"}


def test_files_of_others_in_the_branch_stay(branch: Branch, remote: Path) -> None:
    branch.write(branch.read(), {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"}, "one")
    other = clone(remote, "other")
    git(other, "pull", "-q", "origin", "deploy")
    (other / "clusters/production/README.md").write_text("ours\n")
    (other / "elsewhere.yaml").write_text("x: 1\n")
    git(other, "add", ".")
    git(other, "commit", "-qm", "theirs")
    git(other, "push", "-q", "origin", "HEAD:deploy")
    branch.write(branch.read(), {"a.yaml": "a: 2\n"}, "two")
    paths = git(remote, "ls-tree", "-r", "--name-only", "deploy").splitlines()
    assert paths == ["clusters/production/README.md", "clusters/production/a.yaml", "elsewhere.yaml"]
    assert git(remote, "show", "deploy:clusters/production/a.yaml") == "a: 2"
    assert git(remote, "log", "--format=%s", "deploy").splitlines() == ["two", "theirs", "one"]


def test_who_comes_second_writes_nothing_and_is_told(branch: Branch, remote: Path) -> None:
    second = Branch(clone(remote, "second"), "origin", "deploy", "clusters/production")
    branch.write(branch.read(), {"a.yaml": "a: 1\n"}, "one")
    held = second.read()
    first = branch.write(branch.read(), {"a.yaml": "a: 2\n"}, "two")
    assert second.write(held, {"a.yaml": "a: 3\n"}, "three") is None
    assert git(remote, "rev-parse", "deploy") == first
    assert second.write(second.read(), {"a.yaml": "a: 3\n"}, "three")


def test_the_work_tree_and_branches_here_stay_as_they_are(branch: Branch) -> None:
    (branch.root / "file").write_text("mine\n")
    git(branch.root, "add", "file")
    branch.write(branch.read(), {"a.yaml": "a: 1\n"}, "one")
    assert git(branch.root, "status", "--porcelain") == "A  file"
    assert git(branch.root, "for-each-ref", "refs/heads") == ""


def test_a_remote_that_is_not_there_is_said_with_gits_reason(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "mine"], check=True)
    with pytest.raises(Failed, match="git ls-remote of deploy") as failed:
        Branch(tmp_path / "mine", "upstream", "deploy", "clusters").read()
    assert "target.apply.git" in failed.value.fix


def test_a_remote_that_takes_nothing_is_said(branch: Branch, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho this branch is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Failed, match="git push to deploy at origin"):
        branch.write(branch.read(), {"a.yaml": "a: 1\n"}, "one")
