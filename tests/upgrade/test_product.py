"""The real product, two versions and two formats of documents apart: a changed prompt stays, new code comes."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.repository import CONTENT, HOME, Repo
from tests.upgrade.conftest import copy_of, made

pytestmark = pytest.mark.slow

LIVE = ("configs/", "prompts/", "evals/", "scripts/tools/", ".github/CODEOWNERS")
VERB = '''"""`moor greet`."""

from argparse import ArgumentParser, Namespace

from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Say hello."
EXAMPLES = "moor greet"


def add(parser: ArgumentParser) -> None:
    return


def run(args: Namespace, console: Console) -> Outcome:
    console.line("hello")
    return Outcome(Reason.REPORTED)
'''
MIGRATIONS = """from typing import Any

from mooring.catalog.migrations.migration import Migration


def _renamed(data: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {(new if key == old else key): value for key, value in data.items()}


MIGRATIONS = (
    Migration("mooring/v1", "mooring/v2", {"PromptPart": lambda data: _renamed(data, "text", "body")}),
"""
SECOND = '    Migration("mooring/v2", "mooring/v3", {"Agent": lambda data: _renamed(data, "resilience", "profile")}),\n'


def moor(repo: Repo, *arguments: str) -> dict[str, Any]:
    """What the repository's own command answers, run by its own door."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MOORING_HOME")}
    command = ["./scripts/moor", "--json", *arguments]
    done = subprocess.run(command, cwd=repo.root, env=environ, capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def environment(repo: Repo) -> None:
    (repo.root / ".venv").symlink_to((HOME / ".venv").resolve())


def raise_version(repo: Repo, old: str, new: str) -> None:
    """Commits and tags the next version: its number, its schemas, and its own documents migrated by itself."""
    repo.edit("scripts/mooring/__init__.py", old, new)
    repo.edit("pyproject.toml", f'version = "{old}"', f'version = "{new}"')
    assert moor(repo, "upgrade", "--migrate")["ok"]
    assert moor(repo, "schema", "--write")["ok"]
    assert moor(repo, "validate").get("findings") == []
    repo.commit(f"Version {new}")
    repo.git("tag", f"v{new}")


@pytest.fixture
def template(tmp_path: Path) -> Repo:
    """This product with the tests' documents as its content, in three versions."""
    repo = made(tmp_path / "template")
    listed = ["git", "-C", str(HOME), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and not name.startswith(LIVE) and (HOME / name).is_file():
            (repo.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOME / name, repo.root / name)
    shutil.copytree(CONTENT, repo.root, dirs_exist_ok=True)
    environment(repo)
    repo.edit("scripts/mooring/__init__.py", HERE, "0.1.0")
    repo.edit("pyproject.toml", f'version = "{HERE}"', 'version = "0.1.0"')
    assert moor(repo, "schema", "--write")["ok"]
    repo.commit("Version 0.1.0")
    repo.git("tag", "v0.1.0")

    (repo.root / "scripts/mooring/commands/greet.py").write_text(VERB)
    repo.edit("scripts/mooring/commands/table.py", '"Shell": (', '"Manners": ("greet",),\n    "Shell": (')
    repo.edit("scripts/mooring/spec/document.py", 'Literal["mooring/v1"]', 'Literal["mooring/v2"]')
    repo.edit("scripts/mooring/spec/prompt.py", "    text: str = Field(", '    text: str = Field(alias="body", ')
    table = repo.root / "scripts/mooring/catalog/migrations/table.py"
    table.write_text(f'"""Migrations."""\n\n{MIGRATIONS})\n')
    raise_version(repo, "0.1.0", "0.2.0")

    repo.edit("scripts/mooring/commands/greet.py", "hello", "good day")
    repo.edit("scripts/mooring/spec/document.py", 'Literal["mooring/v2"]', 'Literal["mooring/v3"]')
    repo.edit(
        "scripts/mooring/spec/agent.py", "    resilience: Name\n", '    resilience: Name = Field(alias="profile")\n'
    )
    table.write_text(f'"""Migrations."""\n\n{MIGRATIONS}{SECOND})\n')
    raise_version(repo, "0.2.0", "0.3.0")
    return repo


@pytest.fixture
def copy(template: Repo, tmp_path: Path) -> Repo:
    """A team's copy of 0.1.0 with a changed prompt and one local edit of the code."""
    repo = copy_of(template, tmp_path / "copy", "v0.1.0")
    environment(repo)
    repo.edit("prompts/shared/tone.yaml", "Be warm and plain", "# ours: be warm and plain\n  - Be warm and plain")
    with (repo.root / "scripts/bench").open("a") as bench:
        bench.write("# ours\n")
    assert moor(repo, "bump")["ok"]
    repo.commit("Our tone")
    return repo


HERE = next(
    line.split('"')[1]
    for line in (HOME / "scripts/mooring/__init__.py").read_text(encoding="utf-8").splitlines()
    if line.startswith("__version__")
)


@pytest.mark.timeout(600)
def test_two_versions_apart_the_product_arrives_migrated_evaluated_and_with_our_prompt(
    template: Repo, copy: Repo
) -> None:
    tone = (copy.root / "prompts/shared/tone.yaml").read_text()
    done = moor(copy, "upgrade", str(template.root))
    assert (done["ok"], done["offered"], done["conflicts"]) == (True, True, []), done
    assert [step["command"].split()[1] for step in done["steps"]] == [
        "--version",
        "upgrade",
        "schema",
        "validate",
        "eval",
    ]
    kinds = {each["file"].split("/")[0] for each in done["migrated"]}
    assert kinds == {"configs", "prompts", "evals"}
    assert {(each["before"], each["after"]) for each in done["migrated"]} == {("mooring/v1", "mooring/v3")}

    copy.git("merge", "-q", done["branch"])
    assert moor(copy, "greet")["ok"]
    assert "good day" in (copy.root / "scripts/mooring/commands/greet.py").read_text()
    assert "# ours" in (copy.root / "scripts/bench").read_text()
    new = (copy.root / "prompts/shared/tone.yaml").read_text()
    assert "# ours: be warm and plain" in new
    gone = [line for line in tone.splitlines() if line not in new.splitlines()]
    assert [line.split(":")[0] for line in gone] == ["apiVersion", "version", "text"]
    # what a pull request with the upgrade is checked by, though the other side has an older format
    assert moor(copy, "validate", "--against", "HEAD~1")["ok"]
    plan = moor(copy, "plan", "local", "--against", "HEAD~1")
    assert plan["ok"], plan
    assert moor(copy, "eval", "--against", "HEAD~1")["ok"]
    assert moor(copy, "upgrade", str(template.root))["reason"] == "in-sync"


@pytest.mark.timeout(600)
def test_a_document_of_a_newer_format_than_the_code_is_refused_by_name(template: Repo, copy: Repo) -> None:
    shutil.copy(template.root / "prompts/shared/tone.yaml", copy.root / "prompts/shared/tone.yaml")
    found = [each for each in moor(copy, "validate")["findings"] if each["check"] == "api-version"]
    assert [(each["file"], each["message"], each["fix"]) for each in found] == [
        (
            "prompts/shared/tone.yaml",
            "mooring/v3 is a newer format; this version of Mooring reads mooring/v1",
            "moor upgrade",
        )
    ]
