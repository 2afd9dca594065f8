"""`moor objectives render`: files for operators, in step with the documents."""

from pathlib import Path
from typing import Any

import pytest

from tests.operate.objectives.promtool import tool
from tests.repository import Repo, copied

NAMED = "objectives: objectives\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return copied(tmp_path)


@pytest.fixture
def at(repo: Repo, moor: Any) -> Any:
    return lambda *words: moor("-C", repo.root, *words)


def test_files_are_written_once_and_checked_against_the_documents(repo: Repo, at: Any, tmp_path: Path) -> None:
    out = tmp_path / "monitoring"
    first = at("--json", "objectives", "render", "production", "--out", out)
    assert (first.code, first.json["changed"]) == (0, ["rules.yaml", "alertmanager.yaml", "dashboard.json"])
    tool("promtool", "check", "rules", str(out / "rules.yaml"))
    again = at("objectives", "render", "production", "--out", out)
    assert (again.code, again.out.count("unchanged")) == (0, 3)
    assert at("objectives", "render", "production", "--out", out, "--check").code == 0
    repo.edit("configs/operations/objectives.yaml", "atLeast: 0.995", "atLeast: 0.999")
    stale = at("--json", "objectives", "render", "production", "--out", out, "--check")
    assert (stale.code, stale.json["stale"]) == (1, ["rules.yaml", "dashboard.json"])


def test_they_go_to_the_state_folder_where_nobody_says_otherwise(repo: Repo, at: Any) -> None:
    assert at("objectives", "render", "local").code == 0
    assert (repo.root / ".mooring/local/objectives/rules.yaml").exists()


def test_alerts_that_reach_nobody_are_said(at: Any) -> None:
    said = at("objectives", "render", "local").out
    assert "nobody is told of a page: name `receivers` in objectives" in said


def test_an_environment_that_promises_nothing_is_no_success(repo: Repo, at: Any) -> None:
    repo.edit("configs/environments/local.yaml", NAMED, "")
    for action in ("render", "check"):
        said = at("objectives", action, "local")
        assert (said.code, said.error) == (1, "local promises nothing")
        assert "moor new objectives" in said.err


def test_documents_with_findings_render_nothing(repo: Repo, at: Any, tmp_path: Path) -> None:
    repo.edit("configs/operations/objectives.yaml", "atLeast: 0.995", "atLeast: 99.5")
    said = at("objectives", "render", "local", "--out", tmp_path / "out")
    assert said.code == 1
    assert "99.5 is no share below 1; 99.5 % is written 0.995" in said.out + said.err
    assert not (tmp_path / "out").exists()


def test_a_server_that_does_not_answer_is_named_after_the_files_are_written(
    repo: Repo, at: Any, tmp_path: Path
) -> None:
    path = repo.root / "configs/operations/objectives.yaml"
    path.write_text(path.read_text() + "prometheus: {url: 'http://127.0.0.1:1'}\n")
    said = at("objectives", "render", "local", "--out", tmp_path / "out", "--reload")
    assert (said.code, said.error.startswith("http://127.0.0.1:1 refuses connections")) == (1, True)
    assert (tmp_path / "out/rules.yaml").exists()


def test_what_does_not_run_is_not_known(at: Any) -> None:
    said = at("--json", "objectives", "check", "local")
    assert (said.code, said.json["source"], said.json["objectives"]) == (1, "", [])
    assert said.json["unanswered"] == ["the monitor of local has taken no sample yet", "local is not running here"]


def test_checking_and_reloading_at_once_is_a_wrong_call(at: Any) -> None:
    said = at("objectives", "render", "local", "--check", "--reload")
    assert (said.code, said.error) == (2, "--check changes nothing, so there is nothing to reload")


def test_a_finding_in_a_document_that_promises_nothing_holds_no_alert_up(repo: Repo, at: Any, tmp_path: Path) -> None:
    repo.edit("configs/agents/support.yaml", "prompt: support/main", "prompt: support/gone")
    assert at("objectives", "render", "local", "--out", tmp_path / "out").code == 0
    repo.edit("configs/environments/local.yaml", NAMED, "objectives: gone\n")
    said = at("objectives", "render", "local", "--out", tmp_path / "out")
    assert said.code == 1
    assert "there is no Objectives 'gone'" in said.out + said.err
