"""`moor upgrade --migrate`, which older versions call in the tree of a newer one: what they rely on stays true."""

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.formats import CURRENT
from mooring.main import main
from mooring.upgrade import steps
from tests.repository import Repo, copied


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return copied(tmp_path)


def answered(repo: Repo, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["-C", str(repo.root), "--json", *steps.MIGRATE])
    return code, json.loads(capsys.readouterr().out)


def test_the_call_that_older_versions_make_is_answered(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.MIGRATE == ("upgrade", "--migrate")
    assert steps.SCHEMAS == ("schema", "--write")
    assert steps.VALIDATE == ("validate",)
    assert answered(repo, capsys) == (0, {"reason": "in-sync", "ok": True, "format": CURRENT, "migrated": []})
    assert repo.git("status", "--porcelain") == ""


def test_a_newer_format_is_refused_with_every_document_that_has_it(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["prompts/shared/tone.yaml", "configs/agents/support.yaml"]
    for file in files:
        repo.edit(file, CURRENT, "mooring/v99")
    code, data = answered(repo, capsys)
    assert (code, data["reason"]) == (1, "findings")
    assert sorted(finding["file"] for finding in data["findings"]) == sorted(files)
    assert all(finding["line"] == 2 for finding in data["findings"])
