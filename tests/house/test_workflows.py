"""House rules of the workflows that their linters do not hold."""

import importlib.util
import itertools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

GITHUB = Path(__file__).parents[2] / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


VALIDATE = GITHUB / "workflows/validate.yml"


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


CHANGES = module(GITHUB / "actions/changes/changes.py")


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


@every_workflow
def test_a_job_that_hangs_is_ended(path: Path) -> None:
    jobs = {name: job for name, job in load(path)["jobs"].items() if "uses" not in job}  # those have it where they are
    assert {name for name, job in jobs.items() if not 0 < job.get("timeout-minutes", 0) <= 120} == set()


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


@pytest.mark.parametrize("name", ["validate", "evaluate", "drill"])
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
    assert set(load(path)[True]["workflow_run"]["workflows"]) == {"validate", "evaluate", "drill"}


def test_artifacts_are_unpacked_by_a_version_that_keeps_them_in_their_folder() -> None:
    """CVE-2024-42471: an archive of a stranger wrote where it liked, up to version 4.1.7."""
    text = (GITHUB / "workflows/comment.yml").read_text(encoding="utf-8")
    versions = re.findall(r"download-artifact@\w{40} # v(\d+)\.(\d+)\.(\d+)", text)
    assert versions
    assert all(tuple(map(int, version)) >= (4, 1, 8) for version in versions)


def test_what_is_left_behind_for_the_comment_is_downloaded_under_the_name_it_was_uploaded_by() -> None:
    comment = (GITHUB / "workflows/comment.yml").read_text(encoding="utf-8")
    for workflow, name in (("evaluate", "evaluation"), ("drill", "drill")):
        (upload,) = (one for one in steps(GITHUB / f"workflows/{workflow}.yml") if "upload-art" in one.get("uses", ""))
        assert upload["with"]["name"] == upload["with"]["path"] == name
        assert f"'{name}'" in comment


@pytest.mark.parametrize("workflow", ["validate", "evaluate", "drill"])
def test_a_workflow_with_a_required_check_runs_in_every_pull_request(workflow: str) -> None:
    """GitHub waits for ever for a check whose workflow was left out by a filter."""
    assert load(GITHUB / f"workflows/{workflow}.yml")[True]["pull_request"] is None


def test_a_release_is_evaluated_where_it_goes_out_before_anybody_approves_it() -> None:
    jobs = load(GITHUB / "workflows/promote.yml")["jobs"]
    runs = [step.get("run", "") for step in jobs["plan"]["steps"]]
    assert any(run.startswith('./scripts/moor eval --environment "$ENVIRONMENT"') for run in runs)
    assert jobs["plan"]["runs-on"] == jobs["deploy"]["runs-on"]
    assert jobs["deploy"]["needs"] == ["plan", "provenance"]
    assert jobs["deploy"]["if"] == "!failure() && !cancelled()"


def test_a_deployment_takes_the_digest_that_was_reviewed_and_is_never_cancelled() -> None:
    deploy = load(GITHUB / "workflows/promote.yml")["jobs"]["deploy"]
    assert deploy["concurrency"]["cancel-in-progress"] is False
    step = deploy["steps"][-1]
    assert step["env"]["PLAN"] == "${{ needs.plan.outputs.digest }}"
    assert '--plan "$PLAN"' in step["run"]


@pytest.mark.parametrize("name", ["rollback", "drift"])
def test_what_was_taken_back_becomes_a_pull_request_whoever_took_it_back(name: str) -> None:
    path = GITHUB / f"workflows/{name}.yml"
    assert any(step.get("run", "").startswith('./scripts/moor revert "$ENVIRONMENT"') for step in steps(path))
    (job,) = load(path)["jobs"].values()
    assert {"contents", "pull-requests", "actions"} <= {
        what for what, how in job["permissions"].items() if how == "write"
    }


def test_a_merge_is_held_to_what_was_reviewed_before_anybody_approves_it() -> None:
    job = load(GITHUB / "workflows/promote.yml")["jobs"]["plan"]
    (step,) = (one for one in job["steps"] if one.get("id") == "plan")
    assert "--reviewed" in step["run"]
    assert job["permissions"]["pull-requests"] == "read"
    (checkout,) = (one for one in job["steps"] if one.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["fetch-depth"] == 0
    calls = load(GITHUB / "workflows/deploy.yml")["jobs"].values()
    assert all(call["permissions"]["pull-requests"] == "read" for call in calls), "a called workflow has no more"


def test_what_is_deployed_is_the_bundle_that_others_vouched_for() -> None:
    def artifacts(path: Path, action: str) -> list[str]:
        named = (step["with"] for step in steps(path) if f"/{action}-artifact@" in step.get("uses", ""))
        return [with_.get("name") or with_["pattern"] for with_ in named]

    promote, provenance = (GITHUB / f"workflows/{name}.yml" for name in ("promote", "provenance"))
    assert artifacts(promote, "upload") == ["bundle-${{ inputs.environment }}"]
    assert set(artifacts(provenance, "download")) == set(artifacts(promote, "upload"))
    assert artifacts(provenance, "upload") == ["signature-${{ inputs.environment }}"]
    assert artifacts(promote, "download") == ["*-${{ inputs.environment }}"]
    assert "--bundle" in load(promote)["jobs"]["deploy"]["steps"][-1]["run"]
    wanted = {what for job in load(provenance)["jobs"].values() for what in job["permissions"]}
    calls = [load(promote)["jobs"]["provenance"], *load(GITHUB / "workflows/deploy.yml")["jobs"].values()]
    assert all(wanted <= set(call["permissions"]) for call in calls), "a called workflow has no more than its caller"
    secrets = [path.stem for path in WORKFLOWS if "MOORING_SIGNING_KEY" in path.read_text(encoding="utf-8")]
    assert secrets == ["provenance"]
    assert load(provenance)["jobs"]["sign"]["runs-on"] == "ubuntu-latest", "the key meets no machine that deploys"


def test_a_rollback_waits_in_no_queue() -> None:
    rollback = load(GITHUB / "workflows/rollback.yml")
    assert "concurrency" not in rollback
    assert not {"concurrency", "environment"} & set(rollback["jobs"]["rollback"])


@pytest.mark.parametrize(
    ("path", "tested"),
    [
        ("configs/agents/support.yaml", False),
        ("configs/environments/production.yaml", False),
        ("prompts/support/main.yaml", False),
        ("evals/suites/support/refunds.yaml", False),
        ("evals/recordings/support.jsonl", False),
        (".github/CODEOWNERS", False),
        ("scripts/mooring/main.py", True),
        ("scripts/tools/shipping.py", True),
        ("scripts/moor", True),
        ("tests/examples/accept/agent/one.yaml", True),
        ("schemas/agent.schema.json", True),
        (".github/workflows/validate.yml", True),
        (".github/CONTRIBUTING.md", True),
        ("requirements.lock", True),
        ("pyproject.toml", True),
        (".pre-commit-config.yaml", True),
        (".gitignore", True),
        ("README.md", True),
        ("a-folder-of-next-year/file", True),
        ("configs", True),
        ("prompts-of-mine/main.yaml", True),
    ],
)
def test_only_what_content_checks_cover_goes_without_the_tests_of_the_code(path: str, tested: bool) -> None:
    assert CHANGES.is_code_changed([path]) is tested
    assert CHANGES.is_code_changed(["prompts/support/main.yaml", path]) is tested


def test_the_tests_run_unless_it_is_said_that_no_code_changed_and_content_checks_always() -> None:
    jobs = load(VALIDATE)["jobs"]
    assert jobs["test"]["if"] == "needs.changes.outputs.code != 'false'"
    assert jobs["test"]["needs"] == "changes"
    assert jobs["changes"]["outputs"] == {"code": "${{ steps.changes.outputs.code }}"}
    assert not {"if", "needs"} & set(jobs["plan"])
    assert jobs["plan"]["steps"][-1]["uses"] == "./.github/actions/plan"
    steps = load(GITHUB / "actions/plan/action.yml")["runs"]["steps"]
    runs = [step["run"] for step in steps if "if" not in step and "run" in step]
    assert [run.split()[:2] for run in runs] == [["./scripts/moor", "validate"], ["./scripts/moor", "plan"]]


def test_nothing_is_left_out_of_the_required_check() -> None:
    jobs = load(VALIDATE)["jobs"]
    assert jobs["ci"]["if"] == "always()"
    assert {*jobs["ci"]["needs"], "ci"} == set(jobs)
    (step,) = jobs["ci"]["steps"]
    told = {f"${{{{ needs.{job}.result }}}}" for job in jobs["ci"]["needs"]}
    assert set(step["env"].values()) == told | {"${{ needs.changes.outputs.code }}"}
    assert not {"if", "continue-on-error"} & set(step)


RESULTS = ("success", "failure", "cancelled", "skipped")


@pytest.mark.parametrize("changes", RESULTS)
@pytest.mark.parametrize("code", ["true", "false", ""])
def test_the_required_check_passes_only_when_all_that_was_needed_succeeded(changes: str, code: str) -> None:
    (step,) = load(VALIDATE)["jobs"]["ci"]["steps"]
    assert step["shell"] == "bash"
    passed = set()
    for test, plan in itertools.product(RESULTS, RESULTS):
        said = {"needs.changes.result": changes, "needs.changes.outputs.code": code}
        said |= {"needs.test.result": test, "needs.plan.result": plan}
        environ = {name: said[value.strip("${} ")] for name, value in step["env"].items()}
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], env=environ)
        if done.returncode == 0:
            passed.add((test, plan))
    good = {("success", "success")} | ({("skipped", "success")} if code == "false" else set())
    assert passed == (good if changes == "success" else set())


def test_the_revert_gets_every_check_that_a_pull_request_gets() -> None:
    from mooring.operate.repository.reverting import CHECKS

    checks = {path.name for path in WORKFLOWS if "pull_request" in load(path)[True]}
    assert set(CHECKS) == checks
    assert all("workflow_dispatch" in load(GITHUB / "workflows" / name)[True] for name in checks)
