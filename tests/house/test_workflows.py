"""House rules of the workflows that their linters do not hold."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

GITHUB = Path(__file__).parents[2] / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def load(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    content = load(path)
    for job in content.get("jobs", {"": content.get("runs", {})}).values():
        yield from job.get("steps", [])


every_file = pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: str(path.relative_to(GITHUB)))
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


@every_file
def test_actions_are_local_or_pinned_to_a_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert [use for use in used if not use.startswith("./.github/") and not PINNED.fullmatch(use)] == []


@every_file
def test_expressions_reach_a_shell_as_variables_only(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@every_file
def test_a_checkout_leaves_no_token_behind(path: Path) -> None:
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in checkouts if step["with"].get("persist-credentials") is not False] == []


@every_workflow
def test_nothing_is_permitted_but_what_a_job_gives_a_reason_for(path: Path) -> None:
    assert load(path)["permissions"] == {}
    grants = re.findall(r"^ +[\w-]+: (?:read|write)\b.*$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert grants
    assert [grant for grant in grants if " # " not in grant] == []


@every_workflow
def test_python_is_set_up_in_one_place(path: Path) -> None:
    assert [step["uses"] for step in steps(path) if "setup-" in step.get("uses", "")] == []


@pytest.mark.parametrize("name", ["validate", "evaluate"])
def test_a_strangers_code_meets_no_secret_and_no_machine_of_ours(name: str) -> None:
    path = GITHUB / f"workflows/{name}.yml"
    text = path.read_text(encoding="utf-8")
    assert "pull_request_target" not in text
    assert "secrets." not in text
    assert ": write" not in text
    assert {job["runs-on"] for job in load(path)["jobs"].values()} == {"ubuntu-latest"}


def test_what_a_stranger_left_behind_is_read_outside_the_checkout() -> None:
    path = GITHUB / "workflows/comment.yml"
    (download,) = (step for step in steps(path) if "download-artifact" in step.get("uses", ""))
    assert download["with"]["path"].startswith("${{ runner.temp }}/")
    assert set(load(path)[True]["workflow_run"]["workflows"]) == {"validate", "evaluate"}


def test_a_release_is_evaluated_where_it_goes_out_before_anybody_approves_it() -> None:
    jobs = load(GITHUB / "workflows/promote.yml")["jobs"]
    runs = [step.get("run", "") for step in jobs["plan"]["steps"]]
    assert any(run.startswith('./scripts/moor eval --environment "$ENVIRONMENT"') for run in runs)
    assert jobs["plan"]["runs-on"] == jobs["deploy"]["runs-on"]
    assert jobs["deploy"]["needs"] == "plan"


def test_a_deployment_takes_the_digest_that_was_reviewed_and_is_never_cancelled() -> None:
    deploy = load(GITHUB / "workflows/promote.yml")["jobs"]["deploy"]
    assert deploy["concurrency"]["cancel-in-progress"] is False
    step = deploy["steps"][-1]
    assert step["env"]["PLAN"] == "${{ needs.plan.outputs.digest }}"
    assert '--plan "$PLAN"' in step["run"]


def test_a_rollback_waits_in_no_queue() -> None:
    rollback = load(GITHUB / "workflows/rollback.yml")
    assert "concurrency" not in rollback
    assert not {"concurrency", "environment"} & set(rollback["jobs"]["rollback"])
