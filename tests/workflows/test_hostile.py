"""Pull requests and artifacts of strangers who mean harm: each is refused, or does none, for the right reason."""

import zipfile
from pathlib import Path

import pytest

from tests.workflows.act import Run
from tests.workflows.hub import STRANGER, Hub, change_tone, moor, plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PLAN = ("-j", "plan", "--matrix", "environment:production")
EVALUATION = "evaluation"
PADDED, MEBIBYTE = ("plan.txt",), b"x" * 2**20


OVERRIDE = """\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: mine
version: 1.0.0
description: I say so.
owner: "{owner}"
plan: {plan}
guards: [guards-stay]
reason: I say so.
expires: 2099-01-01T00:00:00Z
"""


def pwned(hub: Hub) -> Path:
    """What exists once a stranger's text was carried out."""
    return hub.folder / "pwned"


def refused(hub: Hub, number: int) -> str:
    """What the plan of a pull request says, which is not let through."""
    run = hub.on_pull_request("validate", number, *PLAN)
    assert run.jobs == {"plan/production": "failure"}, run.printed
    return run.of("plan/production")


def left_behind(hub: Hub, number: int, workflow: str, artifact: str, files: dict[str, str], padding: int = 0) -> Run:
    """A run of a pull request whose code has left an artifact as it likes, and what is commented about it.

    `padding` is how many MiB longer the file is that is read.
    """
    run = hub.pretended(workflow)
    with zipfile.ZipFile(hub.artifact(run, artifact), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(text.encode())
                for _ in range(padding if name in PADDED else 0):
                    file.write(MEBIBYTE)
    return hub.on_completed(run, number)


def test_a_branch_and_a_title_that_are_commands_stay_text(here: Hub) -> None:
    touch = f'$(touch${{IFS}}"{pwned(here)}")'
    change_tone(here, "Be kind.")
    number = here.open(f"a;{touch}`{touch[2:-1]}`&'", f'"; {touch}; echo "')
    run = here.on_pull_request("validate", number)
    assert run.passed, run.printed
    assert here.on_completed(run, number).passed
    assert "Be kind." in here.api.said_on(number)[0]
    asked = here.on_pull_request("evaluate", number)
    assert here.on_completed(asked, number).passed
    assert len(here.api.said_on(number)) == 2
    assert not pwned(here).exists()


def test_a_fork_whose_branch_is_called_main_is_told_and_nobody_else(here: Hub) -> None:
    change_tone(here, "Be kind.")
    ours = here.open("kinder")
    change_tone(here, "Be evil.")
    number = here.open("main", owner=STRANGER)
    before = here.head("main")
    run = here.on_pull_request("validate", number, *PLAN)
    assert here.on_completed(run, number).passed
    assert [here.api.said_on(each) != [] for each in (ours, number)] == [False, True]
    assert "Be evil." in here.api.said_on(number)[0]
    assert here.head("main") == before


def test_a_giant_change_is_refused_for_what_it_does_and_cut_in_its_comment(here: Hub) -> None:
    change_tone(here, "Be kind. Always.\n    " * 4000)
    number = here.open("giant")
    run = here.on_pull_request("validate", number, *PLAN)
    assert run.jobs == {"plan/production": "failure"}
    assert here.on_completed(run, number).passed
    (said,) = here.api.said_on(number)
    assert len(said) < 65_536
    assert "more characters" in said
    assert "risk 8002 of at most 40, refused by 1 guard" in said
    change_tone(here, "Be kind. Always.\n    " * 500_000)
    here.update(number)
    assert "is larger than 256 KiB" in refused(here, number)


def test_what_a_run_left_behind_for_a_commit_that_was_pushed_over_is_not_told(here: Hub) -> None:
    change_tone(here, "Be kind.")
    number = here.open("kinder")
    planned = here.on_pull_request("validate", number, *PLAN)
    here.clone.git("reset", "-q", "--hard", "HEAD^")
    change_tone(here, "Be evil.")
    stale = here.pull(number)["head"].copy()
    here.update(number, "--force")
    done = here.on_completed(planned, number, stale)
    assert done.passed
    assert "no open pull request at this commit" in done.printed
    assert here.api.comments == []


def test_an_artifact_neither_leaves_its_folder_nor_runs_nor_fills_the_comment(here: Hub) -> None:
    change_tone(here, "Be kind.")
    number = here.open("kinder")
    evil = f"open({str(pwned(here))!r}, 'w')"
    up = "../" * 4
    files = {
        "plan.txt": "```\n@everyone\n",
        **{f"{up[: 3 * depth]}hostexecutor/.github/actions/comment/comment.py": evil for depth in range(5)},
        "/tmp/../.github/actions/comment/comment.py": evil,
        "comment.py": evil,
        "sitecustomize.py": evil,
    }
    done = left_behind(here, number, "validate", "plan-production", files, padding=2048)
    assert done.passed, done.printed
    (said,) = here.api.said_on(number)
    assert len(said) < 65_536
    assert said.index("\n````text\n```\n@everyone") > 0
    assert not pwned(here).exists()


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("behaviour.json", "{" + " " * 65 * 2**20 + "}", "larger than 64 MiB"),
        ("behaviour.json", '{"format": "mooring.behaviour/v1"}', ""),
        ("behaviour.json", "[" * 100_000, ""),
    ],
)
def test_an_evaluation_that_is_none_is_refused_in_a_line(here: Hub, file: str, text: str, why: str) -> None:
    change_tone(here, "Be kind.")
    number = here.open("kinder")
    done = left_behind(here, number, "evaluate", EVALUATION, {file: text})
    assert done.jobs == {"comment": "failure"}
    assert "Traceback" not in done.printed
    assert why in done.printed
    assert here.api.comments == []


def test_a_link_out_of_the_tree_is_not_followed(here: Hub) -> None:
    secret = here.folder / "secret.yaml"
    secret.write_text("password: hunter2\n")
    root = here.clone.root
    for name in ("configs/agents/spy.yaml", "prompts/shared/spy.yaml"):
        (root / name).symlink_to(secret)
    (root / "evals/suites/spy").symlink_to(here.folder)
    (root / "plan.txt").symlink_to(here.folder / "overwritten")
    here.clone.commit("links")
    number = here.open("links")
    said = refused(here, number)
    assert "configs/agents/spy.yaml" in said
    assert "hunter2" not in here.runs[-1].printed


def test_what_checks_a_change_is_not_changed_beside_it(here: Hub) -> None:
    """Generated files are held to what they are generated from, and who reviews `.github` reviews the rest."""
    root = here.clone.root
    here.clone.edit("schemas/agent.schema.json", '"object"', '"array"')
    owners = root / ".github/CODEOWNERS"
    owners.write_text(owners.read_text() + f"* @{STRANGER}\n")
    (root / ".github/actions/comment/comment.py").write_text(f"open({str(pwned(here))!r}, 'w')\n")
    for workflow in root.glob(".github/workflows/*.yml"):
        if workflow.stem != "validate":
            workflow.write_text(workflow.read_text().replace("./scripts/moor", f"touch {pwned(here)} #"))
    here.clone.commit("checks")
    number = here.open("checks", owner=STRANGER)
    said = refused(here, number)
    assert "schema-stale" in said
    assert "codeowners" in said
    assert here.on_completed(here.runs[-1], number).passed
    assert len(here.api.said_on(number)) == 1
    assert not pwned(here).exists()


def test_guards_are_not_loosened_by_what_they_guard(here: Hub) -> None:
    """An override for exactly this plan does not help its author, who becomes an owner of overrides by it."""
    guards = "configs/operations/guards.yaml"
    here.clone.edit(guards, "maxRisk: 40", "maxRisk: 100")
    here.clone.edit(guards, "overrideOwners:\n", f'overrideOwners:\n  - "@{STRANGER}/team"\n')
    here.committed("loose")
    file = here.clone.root / "configs/overrides/mine.yaml"
    file.parent.mkdir()
    file.write_text(OVERRIDE.format(owner=f"@{STRANGER}/team", plan=plan(here, "production", "origin/main")["plan"]))
    moor(here.clone, "schema", "--write")
    here.clone.commit("override")
    number = here.open("loose", owner=STRANGER)
    said = refused(here, number)
    assert "guards-stay" in said
    assert f"override mine does not count: its owner @{STRANGER}/team is none of" in said


def test_an_empty_change_is_green_and_changes_nothing(here: Hub) -> None:
    here.clone.git("commit", "-q", "--allow-empty", "-m", "nothing")
    number = here.open("empty")
    run = here.on_pull_request("validate", number)
    assert run.passed, run.printed
    assert "the tests of the code ran" in run.of("test")
    assert here.on_completed(run, number).passed
    assert "in sync" in here.api.said_on(number)[0]
    assert here.on_pull_request("evaluate", number).passed


def test_a_base_branch_that_is_gone_is_said(here: Hub) -> None:
    here.clone.git("push", "-q", "origin", "HEAD:refs/heads/release")
    change_tone(here, "Be kind.")
    number = here.open("kinder", base="release")
    here.clone.git("push", "-q", "origin", ":refs/heads/release")
    said = refused(here, number)
    assert "origin/release" in said
    assert "Traceback" not in said
