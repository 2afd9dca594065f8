"""The static checks as tests: every hook of .pre-commit-config.yaml that has the manual stage."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows import tools

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = [hook for repository in CONFIG["repos"] for hook in repository["hooks"]]
CHECKS = {hook["id"]: shlex.split(hook["entry"]) for hook in HOOKS if "stages" not in hook}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("check", CHECKS)
def test_the_repository_passes_the_check(check: str) -> None:
    done = subprocess.run(CHECKS[check], cwd=ROOT, capture_output=True, text=True)
    if tools.MISSING in done.stderr and not done.returncode:
        pytest.skip(tools.MISSING)
    if done.returncode:
        pytest.fail(f"{shlex.join(CHECKS[check])}\n{done.stdout}{done.stderr}", pytrace=False)


def test_checks_run_offline_from_the_locked_environment() -> None:
    assert [repository["repo"] for repository in CONFIG["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS} == {"system"}
    words = [next(word for word in shlex.split(hook["entry"]) if word != "env" and "=" not in word) for hook in HOOKS]
    assert [word for word in words if not word.startswith((".venv/bin/", "scripts/"))] == []
