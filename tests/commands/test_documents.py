"""Documents are checked, raised, shown and planned before anything runs."""

import json
import re
from typing import Any

import pytest

TONE = "prompts/shared/tone.yaml"
LINE = "  - Be warm and plain: short sentences, no jargon, no exclamation marks.\n"


@pytest.mark.slow
def test_the_documents_of_this_repository_are_valid(moor: Any, repo: Any) -> None:
    told = moor("-C", repo.root, "validate")
    assert (told.code, told.err) == (0, "")
    assert told.out.split()[1:3] == ["documents", "valid,"]
    found = moor("-C", repo.root, "validate", "--json").json
    assert found["documents"] > 20
    assert found["checks"] >= 30


@pytest.mark.slow
def test_every_finding_is_told_at_once_with_its_line(moor: Any, repo: Any) -> None:
    repo.edit("configs/agents/support.yaml", "resilience: ", "resilience: no-such-")
    repo.edit("configs/agents/incident.yaml", "prompt: ", "promt: ")
    told = moor("-C", repo.root, "validate")
    lines = told.err.splitlines()
    assert told.code == 1
    assert any(line.startswith("configs/agents/support.yaml:") and "no-such-" in line for line in lines)
    assert any(line.startswith("configs/agents/incident.yaml:") and "prompt" in line for line in lines)
    assert told.error == f"{len(lines) - 1} findings"
    found = moor("-C", repo.root, "validate", "--json").json
    assert (found["reason"], len(found["findings"])) == ("findings", len(lines) - 1)


def test_findings_become_annotations_on_a_pull_request(moor: Any, repo: Any) -> None:
    repo.edit("configs/agents/support.yaml", "resilience: ", "resilience: no-such-")
    told = moor("-C", repo.root, "validate", "--format", "github")
    assert told.code == 1
    assert told.out.startswith("::error file=configs/agents/support.yaml,line=")


@pytest.mark.slow
def test_findings_can_be_a_file_of_json(moor: Any, repo: Any) -> None:
    assert json.loads(moor("-C", repo.root, "validate", "--format", "json").out)["findings"] == []
    repo.edit("configs/agents/support.yaml", "resilience: ", "resilience: no-such-")
    told = moor("-C", repo.root, "validate", "--format", "json")
    assert (told.code, len(json.loads(told.out)["findings"]) > 0) == (1, True)


@pytest.mark.slow
def test_a_repository_without_documents_is_not_valid(moor: Any, repo: Any) -> None:
    for file in [*repo.root.glob("configs/**/*.yaml"), *repo.root.glob("prompts/**/*.yaml")]:
        file.unlink()
    told = moor("-C", repo.root, "validate", "--json")
    assert told.code == 1
    assert "empty" in {finding["check"] for finding in told.json["findings"]}


@pytest.mark.slow
def test_a_changed_document_needs_a_new_version_and_bump_gives_it(moor: Any, repo: Any) -> None:
    repo.edit(TONE, LINE, "")
    told = moor("-C", repo.root, "validate", "--against", "HEAD")
    assert told.code == 1
    assert f"{TONE}:5 version" in told.err
    checked = moor("-C", repo.root, "bump", "--check")
    assert (checked.code, checked.out) == (1, "PromptPart/shared/tone  1.0.0 -> 1.0.1\n")
    assert moor("-C", repo.root, "bump", "--json").json["bumps"][0]["after"] == "1.0.1"
    assert moor("-C", repo.root, "validate", "--against", "HEAD").code == 0
    assert moor("-C", repo.root, "bump").out == "every version is honest\n"


def test_a_named_document_is_raised_by_the_part_that_was_asked(moor: Any, repo: Any) -> None:
    told = moor("-C", repo.root, "bump", "Agent/support", "--major")
    assert told.code == 0
    assert re.fullmatch(r"Agent/support  1\.\d+\.\d+ -> 2\.0\.0\n", told.out)
    assert "version: 2.0.0" in (repo.root / "configs/agents/support.yaml").read_text()


@pytest.mark.slow
def test_generated_files_are_checked_and_written(moor: Any, repo: Any) -> None:
    assert moor("-C", repo.root, "schema").code == 0
    (repo.root / "schemas/agent.schema.json").write_text("{}")
    assert "schemas/agent.schema.json" in moor("-C", repo.root, "schema", "--check").err
    assert "wrote schemas/agent.schema.json" in moor("-C", repo.root, "schema", "--write").out
    assert moor("-C", repo.root, "schema", "--write", "--json").json == {"reason": "in-sync", "ok": True, "changed": []}


@pytest.mark.slow
def test_a_schema_can_be_piped(moor: Any) -> None:
    assert json.loads(moor("schema", "show", "Agent").out)["$id"] == "urn:mooring:v1:agent"
    assert moor("schema", "show", "Agnt").error == "unknown kind 'Agnt'; did you mean 'Agent'?"
    assert moor("schema", "show").error == "show which kind?"


@pytest.mark.slow
def test_a_release_is_named_by_its_content_wherever_it_lies(moor: Any, repo: Any) -> None:
    one = moor("-C", repo.root, "release", "show", "local", "--json").json
    assert one["content"]["environment"]["name"] == "local"
    shown = moor("-C", repo.root / "prompts", "release", "show", "local").out
    assert shown.startswith(one["digest"])
    assert "Prompt" in shown


@pytest.mark.slow
def test_a_release_file_is_verified_by_its_name(moor: Any, repo: Any) -> None:
    release = json.loads(moor("-C", repo.root, "release", "show", "local", "--json").out)["content"]
    digest = moor("-C", repo.root, "release", "show", "local", "--json").json["digest"]
    file = repo.root / f"{digest.removeprefix('sha256:')}.json"
    file.write_text(json.dumps(release))
    told = moor("-C", repo.root, "release", "verify", file)
    assert told.code == 1
    assert "does not hold what its name says" in told.error


def test_a_first_plan_adds_everything(moor: Any, repo: Any) -> None:
    plan = moor("-C", repo.root, "plan", "local", "--json").json
    assert (plan["reason"], plan["live"]) == ("planned", None)
    assert {change["action"] for change in plan["changes"]} == {"add"}
    assert not (repo.root / ".mooring").exists()


@pytest.mark.slow
def test_an_edit_is_planned_against_a_commit_as_what_it_means(moor: Any, repo: Any) -> None:
    same = moor("-C", repo.root, "plan", "local", "--against", "HEAD", "--json")
    assert (same.code, same.json["reason"]) == (0, "in-sync")
    repo.edit(TONE, LINE, "")
    told = moor("-C", repo.root, "plan", "local", "--against", "HEAD")
    assert told.code == 0
    assert "line removed from the system message" in told.out


@pytest.mark.slow
@pytest.mark.parametrize(("form", "begins"), [("text", "local: "), ("markdown", "<!--"), ("json", "{")])
def test_a_plan_is_written_to_a_file_in_every_form(form: str, begins: str, moor: Any, repo: Any) -> None:
    out = repo.root / "plan.out"
    told = moor("-C", repo.root, "plan", "local", "--format", form, "--out", out)
    assert (told.code, told.out) == (0, f"wrote {out}\n")
    assert out.read_text().startswith(begins)


@pytest.mark.slow
def test_a_guarded_plan_ends_with_1_and_says_what_an_override_takes(moor: Any, repo: Any) -> None:
    repo.edit("configs/tools/shop/search-help.yaml", "path: /help", "path: /other")
    told = moor("-C", repo.root, "plan", "local", "--against", "HEAD")
    assert told.code == 1
    assert "configs/overrides/" in told.out
    assert moor("-C", repo.root, "plan", "local", "--against", "HEAD", "--json").json["reason"] == "guarded"
