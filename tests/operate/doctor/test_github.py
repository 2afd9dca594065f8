"""The repository on GitHub: runners, schedules, secrets, owners and required checks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.doctor.diagnosis import Diagnosis
from mooring.operate.doctor.github import Hub, diagnoses, settings
from mooring.operate.doctor.workflows import workflows
from mooring.operate.repository.settings.all import look
from mooring.operate.repository.settings.asking import Asking
from mooring.spec import Repository
from tests.operate.repository.settings.forge import DENIED, Forge

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
VALIDATE = "on: {pull_request: }\njobs: {ci: {runs-on: ubuntu-latest}}"
PATROL = """
on: {schedule: [{cron: "4 * * * *"}]}
jobs:
  patrol:
    runs-on: [self-hosted, "${{ matrix.environment }}"]
    steps: [{run: x, env: {T: "${{ secrets.PROMETHEUS_TOKEN }}"}}]
"""
WRONG: dict[str, Any] = {"path": ".github/CODEOWNERS", "line": 7, "column": 3, "kind": "Unknown owner"}


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge().serving() as server:
        server.add_runner("one", "online", "self-hosted", "Linux", "Production")
        server.add_workflow("patrol")
        ran(server, "success", minutes=20)
        yield server


def ran(forge: Forge, conclusion: str | None, **ago: float) -> None:
    at = (NOW - timedelta(**ago)).isoformat().replace("+00:00", "Z")
    forge.runs["patrol.yml"] = [{"id": 5, "created_at": at, "conclusion": conclusion}]


def found(forge: Forge, tmp_path: Path, referred: str = "", **changed: Any) -> list[Diagnosis]:
    """What is not ok."""
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "validate.yml").write_text(VALIDATE)
    (folder / "patrol.yml").write_text(PATROL)
    head = {"apiVersion": "mooring/v1", "kind": "Repository", "name": "github", "version": "1.0.0", "description": "x"}
    parts = {"merging": {"checks": ["ci"]}, "environments": {"production": {"branches": ["main"]}}, **changed}
    document = Repository.model_validate({**head, "owner": "@acme/desk", **parts})
    asking = Asking(forge.github, pause=lambda seconds: None)
    hub = Hub(asking, document, workflows(tmp_path), frozenset(filter(None, [referred])), NOW.timestamp())
    made = list(diagnoses(hub))
    assert all(one.why and one.fix for one in made if one.state == "finding")
    return [one for one in made if one.state != "ok"]


def said(made: list[Diagnosis]) -> list[tuple[str, str]]:
    return [(one.state, one.what) for one in made]


def test_a_repository_that_has_all_is_ok(forge: Forge, tmp_path: Path) -> None:
    assert found(forge, tmp_path) == []


def test_a_required_check_that_no_workflow_reports_is_a_finding(forge: Forge, tmp_path: Path) -> None:
    made = found(forge, tmp_path, merging={"checks": ["ci", "evaluat"]})
    assert said(made) == [("finding", "no workflow reports 'evaluat' in every pull request")]


def test_runners_that_are_offline_and_labels_that_nobody_has(forge: Forge, tmp_path: Path) -> None:
    forge.runners[0]["status"] = "offline"
    assert said(found(forge, tmp_path)) == [("finding", "production: one offline")]
    forge.runners[0]["labels"] = [{"name": "production"}]
    (one,) = found(forge, tmp_path)
    assert one.what == "no runner is labelled production"
    assert one.why == "jobs of patrol wait for one"


def test_a_runner_on_a_later_page_is_found(forge: Forge, tmp_path: Path) -> None:
    (one,), forge.runners = forge.runners, []
    for number in range(150):
        forge.add_runner(f"r{number}", "online", "self-hosted", "staging")
    forge.runners.append(one)
    assert found(forge, tmp_path) == []


@pytest.mark.parametrize(
    ("state", "what"),
    [
        ("disabled_inactivity", "patrol: disabled by GitHub, after 60 days without activity"),
        ("disabled_fork", "patrol: disabled by GitHub, as this is a fork"),
        ("disabled_manually", "patrol: disabled by somebody"),
    ],
)
def test_a_schedule_that_was_disabled_says_by_whom_and_how_to_enable_it(
    state: str, what: str, forge: Forge, tmp_path: Path
) -> None:
    forge.workflows[0]["state"] = state
    (one,) = found(forge, tmp_path)
    assert (one.state, one.what) == ("finding", what)
    assert one.fix.startswith("gh workflow enable patrol.yml")
    left = found(forge, tmp_path, actions={"switchedOff": ["patrol"]})
    assert (left == []) is (state == "disabled_manually")


def test_a_schedule_that_is_late_or_failed_or_never_ran(forge: Forge, tmp_path: Path) -> None:
    ran(forge, "success", hours=4)
    assert said(found(forge, tmp_path)) == [("finding", "patrol: last ran 4 hours ago on its schedule")]
    ran(forge, "failure", minutes=50)
    (one,) = found(forge, tmp_path)
    assert (one.what, one.fix) == ("patrol: failure, 50 minutes ago", "gh run view 5 --log-failed")
    ran(forge, None, minutes=1)
    assert found(forge, tmp_path) == []
    forge.runs = {}
    assert said(found(forge, tmp_path)) == [("finding", "patrol: never ran on its schedule")]
    forge.workflows[0]["created_at"] = NOW.isoformat()
    assert found(forge, tmp_path) == []
    forge.workflows = []
    assert said(found(forge, tmp_path)) == [("finding", "patrol: GitHub has no such workflow")]


def test_secrets_are_named_with_where_to_set_them_once_something_needs_them(forge: Forge, tmp_path: Path) -> None:
    (one,) = found(forge, tmp_path, referred="PROMETHEUS_TOKEN")
    assert (one.what, one.why) == ("the repository has no secret PROMETHEUS_TOKEN", "patrol needs it")
    assert one.fix == "gh secret set PROMETHEUS_TOKEN"
    forge.secrets["organization"] = ["PROMETHEUS_TOKEN"]
    assert found(forge, tmp_path, referred="PROMETHEUS_TOKEN") == []
    needed = [{"name": "SIGNING_KEY", "environment": "production", "reason": "To sign."}]
    (one,) = found(forge, tmp_path, secrets=needed)
    assert one.fix == "gh secret set SIGNING_KEY --env production"
    forge.secrets["production"] = ["SIGNING_KEY"]
    assert found(forge, tmp_path, secrets=needed) == []


def test_an_owner_that_github_does_not_know_is_a_finding(forge: Forge, tmp_path: Path) -> None:
    forge.owner_errors = [{**WRONG, "source": "* @acme/nobody", "message": "Unknown owner on line 7"}]
    assert said(found(forge, tmp_path)) == [("finding", ".github/CODEOWNERS:7: Unknown owner: * @acme/nobody")]


def test_a_part_that_the_token_may_not_see_is_unknown_and_named_and_the_others_are_looked_at(
    forge: Forge, tmp_path: Path
) -> None:
    forge.denied = {("GET", "actions/runners")}
    forge.workflows[0]["state"] = "disabled_inactivity"
    unknown, disabled = found(forge, tmp_path)
    assert (unknown.state, unknown.area, unknown.what) == (
        "unknown",
        "runner",
        f"GitHub refused a GET: HTTP 403, {DENIED}",
    )
    assert unknown.fix == "give the token the permission Administration: read"
    assert disabled.area == "schedule"


def test_each_difference_of_a_setting_is_a_finding_that_says_what_to_do(forge: Forge, tmp_path: Path) -> None:
    forge.denied = {("GET", "actions/permissions/workflow")}
    head = {"apiVersion": "mooring/v1", "kind": "Repository", "name": "github", "version": "1.0.0", "description": "x"}
    document = Repository.model_validate({**head, "owner": "@acme/desk", "merging": {"checks": ["ci"]}})
    made = list(settings(list(look(document, Asking(forge.github, pause=lambda seconds: None)))))
    assert [one.state for one in made] == ["finding", "finding", "finding", "finding", "unknown", "finding"]
    assert made[0].fix == "moor doctor --github --fix"
