"""`moor new` begins a document, and says what is left to do until it is used."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from mooring.main import main
from tests.repository import Repo, copied, surrounded

OWNER = "@acme/desk"


@pytest.fixture(scope="module")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """What `moor init --from minimal` makes, committed."""
    repo = copied(tmp_path_factory.mktemp("minimal"))
    (repo.root / ".github").mkdir()
    with surrounded():
        assert main(["-C", str(repo.root), "--json", "schema", "--write"]) == 0
        repo.commit("owners")
        arguments = ["init", "--owner", "@acme/platform", "--agent", "helper", "--agent", "clerk", "--yes"]
        assert main(["-C", str(repo.root), "--json", *arguments]) == 0
    repo.commit("ours")
    return repo


@pytest.fixture
def repo(minimal: Repo) -> Repo:
    minimal.git("reset", "--quiet", "--hard", "HEAD")
    minimal.git("clean", "--quiet", "-fd")
    return minimal


def findings(moor: Any, repo: Repo) -> set[tuple[str, str]]:
    told = moor("-C", repo.root, "validate", "--json").json
    return {(finding["file"], finding["check"]) for finding in told["findings"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name", "files"),
    [
        ("agent", "desk", ["configs/agents/desk.yaml", "prompts/desk.yaml"]),
        ("prompt", "desk/late", ["prompts/desk/late.yaml"]),
        ("promptpart", "tone", ["prompts/shared/tone.yaml"]),
        ("tool", "crm/find-customer", ["configs/tools/crm/find-customer.yaml"]),
        ("model", "mistral/large", ["configs/models/mistral/large.yaml"]),
        ("suite", "helper/more", ["evals/suites/helper/more.yaml"]),
        ("environment", "qa", ["configs/environments/qa.yaml"]),
        ("resilience", "patient", ["configs/resilience/patient.yaml"]),
    ],
)
def test_validate_says_afterwards_what_new_said_and_no_more(
    kind: str, name: str, files: list[str], moor: Any, repo: Repo
) -> None:
    told = moor("-C", repo.root, "new", kind, name, "--json").json
    assert (told["reason"], told["written"], told["updated"]) == ("changed", files, ".github/CODEOWNERS")
    assert told["next"]
    assert findings(moor, repo) == {(finding["file"], finding["check"]) for finding in told["findings"]}
    assert {finding["check"] for finding in told["findings"]} <= {"unused"}
    for file in files:
        document = yaml.safe_load((repo.root / file).read_text())
        assert document["owner"] == "@acme/platform"
        assert file.endswith(f"{document['name']}.yaml")


@pytest.mark.slow
def test_guards_that_are_there_are_not_written_twice(moor: Any, repo: Repo) -> None:
    told = moor("-C", repo.root, "new", "guards", "more", "--json")
    assert (told.code, {finding["check"] for finding in told.json["findings"]}) == (1, {"guard-twice"})
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_an_agent_in_an_environment_is_valid_at_once(moor: Any, repo: Repo) -> None:
    arguments = ("new", "agent", "desk/late", "--owner", OWNER, "--environment", "local", "--environment", "staging")
    told = moor("-C", repo.root, *arguments)
    assert told.code == 0, told.err
    assert "changed configs/environments/staging.yaml" in told.out
    assert findings(moor, repo) == set()
    moor("-C", repo.root, "bump")
    assert moor("-C", repo.root, "validate", "--against", "HEAD").code == 0
    local = yaml.safe_load((repo.root / "configs/environments/local.yaml").read_text())
    assert local["agents"] == ["helper", "clerk", "desk/late"]
    assert f"/configs/agents/desk/late.yaml {OWNER}\n" in (repo.root / ".github/CODEOWNERS").read_text()


@pytest.mark.slow
def test_a_prompt_that_is_there_is_taken(moor: Any, repo: Repo) -> None:
    moor("-C", repo.root, "new", "prompt", "letters")
    (repo.root / "prompts/letters.yaml").open("a").write("# mine\n")
    told = moor("-C", repo.root, "new", "agent", "letters", "--environment", "local", "--json").json
    assert told["written"] == ["configs/agents/letters.yaml", "configs/environments/local.yaml"]
    assert (repo.root / "prompts/letters.yaml").read_text().endswith("# mine\n")
    assert findings(moor, repo) - {("prompts/letters.yaml", "unused")} == set()


def test_a_dry_run_prints_the_document_and_writes_nothing(moor: Any, repo: Repo) -> None:
    told = moor("-C", repo.root, "new", "tool", "crm/find", "--dry-run")
    assert (told.code, "\n  readOnlyHint: true # it changes nothing\n" in told.out) == (0, True)
    assert repo.git("status", "--porcelain") == ""


def test_owners_that_somebody_changed_by_hand_are_left_alone(moor: Any, repo: Repo) -> None:
    (repo.root / ".github/CODEOWNERS").write_text("* @acme/others\n")
    told = moor("-C", repo.root, "new", "suite", "helper/more", "--json").json
    assert told["updated"] is None
    assert (repo.root / ".github/CODEOWNERS").read_text() == "* @acme/others\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("agent", "helper"), "already there: configs/agents/helper.yaml"),
        (("agent", "Helper"), "argument NAME: 'Helper' is no name of a document"),
        (("agent", "../x"), "argument NAME: '../x' is no name of a document"),
        (("agent", "x" * 121), "argument NAME: "),
        (("agnt", "x"), "this version has no kind of document 'agnt'; did you mean 'agent'?"),
        (("schedule", "nightly"), "this version has no kind of document 'schedule'"),
        (("suite", "other"), "which agent does the suite ask?"),
        (("suite", "other", "--agent", "helpr"), "there is no agent 'helpr'; did you mean 'helper'?"),
        (("model", "x", "--agent", "helper"), "only a suite asks an agent"),
        (("model", "x", "--environment", "local"), "only an agent is put into environments"),
        (("agent", "x", "--environment", "locl"), "there is no environment 'locl'; did you mean 'local'?"),
        (("agent", "x", "--owner", "acme"), "argument --owner: 'acme' is no team or user such as @acme/support"),
        (("agent",), "the following arguments are required: NAME"),
    ],
)
def test_a_wrong_call_is_one_line_and_writes_nothing(
    arguments: Sequence[str], message: str, moor: Any, repo: Repo
) -> None:
    told = moor("-C", repo.root, "new", *arguments)
    assert (told.code, told.error[: len(message)]) == (2, message)
    assert repo.git("status", "--porcelain") == ""
