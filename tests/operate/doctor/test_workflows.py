"""What workflows ask for is read from their files."""

from pathlib import Path

import pytest

from mooring.operate.doctor.workflows import DAY, HOUR, labels, period, workflows

PATROL = """
on:
  schedule: [{cron: "4,19 * * * *"}, {cron: "0 3 * * *"}]
jobs:
  patrol:
    strategy: {matrix: {environment: [staging]}}
    runs-on: [self-hosted, "${{ matrix.environment }}"]
    steps: [{run: ./x, env: {T: "${{ secrets.PROMETHEUS_TOKEN }}", G: "${{ secrets.GITHUB_TOKEN }}"}}]
"""
ROLLBACK = """
on: {workflow_dispatch: {}}
jobs:
  rollback: {runs-on: [self-hosted, "${{ inputs.environment }}-rollback"], steps: []}
"""
VALIDATE = """
on: {pull_request: , push: {branches: [main]}}
jobs:
  ci: {runs-on: ubuntu-latest}
  plan: {runs-on: ubuntu-latest, strategy: {matrix: {environment: [a]}}}
  named: {runs-on: ubuntu-latest, name: All is well}
  called: {uses: ./.github/workflows/other.yml}
"""
SOME = "on: {pull_request: {paths: [a/**]}}\njobs: {drill: {runs-on: ubuntu-latest}}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    named = {
        "patrol": PATROL,
        "rollback": ROLLBACK,
        "validate": VALIDATE,
        "drill": SOME,
        "broken": "a: [",
        "list": "- 1",
    }
    for name, text in named.items():
        (folder / f"{name}.yml").write_text(text)
    return tmp_path


def test_what_is_no_workflow_is_left_out(root: Path) -> None:
    assert [one.name for one in workflows(root)] == ["drill", "patrol", "rollback", "validate"]
    assert workflows(root / "elsewhere") == []


def test_runners_are_wanted_for_each_environment_by_all_their_labels(root: Path) -> None:
    assert labels(workflows(root), {"staging": None, "production": None}) == {
        frozenset({"self-hosted", "staging"}): ["patrol"],
        frozenset({"self-hosted", "staging-rollback"}): ["rollback"],
        frozenset({"self-hosted", "production-rollback"}): ["rollback"],
    }


def test_secrets_schedules_and_checks(root: Path) -> None:
    by_name = {one.name: one for one in workflows(root)}
    assert by_name["patrol"].secrets == {"PROMETHEUS_TOKEN"}
    assert by_name["patrol"].crons == ["4,19 * * * *", "0 3 * * *"]
    assert by_name["validate"].checks == {"ci", "All is well"}
    assert by_name["drill"].checks == set()


@pytest.mark.parametrize(
    ("cron", "seconds"),
    [
        ("7,37 * * * *", HOUR),
        ("43 2 * * *", DAY),
        ("53 4 * * 0", 7 * DAY),
        ("0 5 1 * *", 31 * DAY),
        ("0 0 1 1 *", 366 * DAY),
    ],
)
def test_a_schedule_comes_up_within_its_period(cron: str, seconds: float) -> None:
    assert period(cron) == seconds
