"""A template with versions and a team's copy of it without shared history, both real git repositories.

The versions' command is a small program that does what it is asked in the work tree, and notes it.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repository import Repo, surrounded

# Answers like the real one. A file `fails-VERB` in its version makes that verb fail; `holds-VERB` names a file that the
# verb makes when it is reached, and then it waits for another one beside that, or for the end of who started it.
MOOR = """#!/usr/bin/env python3
import json, os, pathlib, sys, time
home = pathlib.Path(__file__).resolve().parents[1]
words = [word for word in sys.argv[1:] if word != "--json"]
if words == ["--version"]:
    print("moor of this version")
    sys.exit()
verb = words[0]
if (home / f"holds-{verb}").exists():
    parent, mark = os.getppid(), pathlib.Path((home / f"holds-{verb}").read_text().strip())
    mark.touch()
    while os.getppid() == parent and not mark.with_suffix(".go").exists():
        time.sleep(0.01)
if (home / f"fails-{verb}").exists():
    print(json.dumps({"ok": False, "reason": "findings", "findings": [
        {"file": "configs/a.yaml", "line": 3, "path": "name", "message": f"{verb} says no"}]}))
    sys.exit(1)
answer = {"ok": True}
if words == ["upgrade", "--migrate"] and (home / "migration").exists():
    file = home / "configs/a.yaml"
    file.write_text(file.read_text() + (home / "migration").read_text())
    answer["migrated"] = [{"file": "configs/a.yaml", "before": "mooring/v1", "after": "mooring/v2"}]
if words == ["schema", "--write"]:
    (home / "schemas").mkdir(exist_ok=True)
    (home / "schemas/a.schema.json").write_text((home / "scripts/mooring/__init__.py").read_text())
print(json.dumps(answer))
"""
LINES = "".join(f"{number}\n" for number in range(1, 21))

Files = Mapping[str, str | None]


def put(repo: Repo, files: Files) -> None:
    """Writes files; None deletes one."""
    for path, text in files.items():
        file = repo.root / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    if (repo.root / "scripts/moor").exists():
        (repo.root / "scripts/moor").chmod(0o755)


def release(repo: Repo, version: str, files: Files) -> str:
    """Commits and tags a version of the template."""
    named = f'__version__ = "{version}"\n'
    put(repo, {"scripts/mooring/__init__.py": named, "schemas/a.schema.json": named, **files})
    repo.commit(f"Version {version}")
    repo.git("tag", f"v{version}")
    return repo.git("rev-parse", "HEAD").strip()


def made(root: Path) -> Repo:
    root.mkdir()
    repo = Repo(root)
    repo.git("init", "-q", "-b", "main")
    return repo


def copy_of(template: Repo, root: Path, version: str) -> Repo:
    """What "use this template" makes: the files of a version in one commit of their own."""
    repo = made(root)
    archive = subprocess.run(["git", "-C", template.root, "archive", version], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", root], input=archive, check=True)
    repo.commit("Initial commit")
    return repo


FIRST: Files = {
    "scripts/moor": MOOR,
    "scripts/code.py": LINES,
    "scripts/old.py": "old\n",
    "scripts/tools/shipping.py": "the template's\n",
    "configs/a.yaml": "apiVersion: mooring/v1\n",
    "prompts/a.yaml": "The template's prompt.\n",
    "README.md": "# Mooring\n",
    "requirements.lock": "one==1\n",
    ".gitignore": "/.venv\n/.mooring/\n",
    ".github/workflows/validate.yml": "on: push\n",
}


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("MOORING_HOME", "MOORING_STATE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    with surrounded():
        yield


@pytest.fixture
def template(tmp_path: Path) -> Repo:
    """Three versions: 0.2.0 edits code and brings a file, 0.3.0 edits again, takes one away, and migrates."""
    repo = made(tmp_path / "template")
    release(repo, "0.1.0", FIRST)
    second = LINES.replace("3\n", "three\n", 1)
    release(repo, "0.2.0", {"scripts/code.py": second, "scripts/new.py": "new\n", "prompts/a.yaml": "Another.\n"})
    third = second.replace("18\n", "eighteen\n")
    release(repo, "0.3.0", {"scripts/code.py": third, "scripts/old.py": None, "migration": "migrated: true\n"})
    return repo


@pytest.fixture
def copy(template: Repo, tmp_path: Path) -> Repo:
    """The team's copy of 0.1.0, with a prompt and a tool of its own."""
    repo = copy_of(template, tmp_path / "copy", "v0.1.0")
    put(repo, {"prompts/a.yaml": "Our prompt.\n", "scripts/tools/shipping.py": "ours\n"})
    repo.commit("Our prompt")
    return repo


@dataclass(frozen=True)
class Seen:
    """Everything of a repository that an upgrade must leave alone: refs but private ones, index, work tree."""

    refs: str
    head: str
    status: str
    remotes: str
    files: Mapping[str, bytes]


@pytest.fixture
def seen() -> Callable[[Repo], Seen]:
    def look(repo: Repo) -> Seen:
        refs = repo.git("for-each-ref", "refs/heads", "refs/tags", "refs/remotes")
        files = {
            str(path.relative_to(repo.root)): path.read_bytes()
            for path in sorted(repo.root.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(repo.root).parts
        }
        status = repo.git("status", "--porcelain", "--untracked-files=all")
        return Seen(refs, repo.git("symbolic-ref", "HEAD"), status, repo.git("remote", "-v"), files)

    return look
