"""A repository with one document, and the command on it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main

MODEL = """\
# yaml-language-server: $schema=../../../schemas/model.schema.json
apiVersion: mooring/v1
kind: Model
name: openai/gpt-4-1-2025-04-14
version: 1.2.0
description: Ours.
owner: "@tidewater/platform"
provider: openai
id: gpt-4.1-2025-04-14
apiType: openai-chat
baseUrl: https://api.openai.com/v1
secretRef: env:OPENAI_API_KEY
contextWindow: 1000000
prices: {inputPerMillion: 2, outputPerMillion: 8}
"""

Moor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Documents are in `repo`, files to import beside it."""
    (tmp_path / "repo/prompts").mkdir(parents=True)
    model = tmp_path / "repo/configs/models/openai/gpt-4-1-2025-04-14.yaml"
    model.parent.mkdir(parents=True)
    model.write_text(MODEL)
    return tmp_path / "repo"


@pytest.fixture
def moor(root: Path, capsys: pytest.CaptureFixture[str]) -> Moor:
    """Exit code and the JSON object of a call in the repository."""

    def run(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["-C", str(root), "--json", *map(str, arguments)])
        said = capsys.readouterr().out
        assert "Traceback" not in said
        found: dict[str, Any] = json.loads(said)
        return code, found

    return run
