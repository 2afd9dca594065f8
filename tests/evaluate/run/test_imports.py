"""What a run does not load."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[3] / "scripts"


def loaded(module: str, *names: str) -> list[str]:
    code = f"import sys, {module}; print([name for name in {names!r} if name in sys.modules])"
    command, environ = [sys.executable, "-c", code], {"PYTHONPATH": str(SCRIPTS)}
    told = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return list(filter(None, told.stdout.strip(" []\n").replace("'", "").split(", ")))


def test_agents_are_asked_without_deepeval() -> None:
    assert loaded("mooring.evaluate.worker", "deepeval") == []


def test_whoever_hands_out_questions_does_not_load_what_answers_them() -> None:
    assert loaded("mooring.commands.evaluation", "pydantic_ai", "openai", "deepeval", "mooring.runtime.runtime") == []
