"""`moor init` makes a repository a team's own: all of it at once, and never what git could not bring back."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.starter.content import remote_owner
from tests.repository import EXAMPLE, Repo

pytestmark = pytest.mark.slow

OWNER = "@acme/platform"
MINIMAL = ("init", "--from", "minimal", "--owner", OWNER, "--yes")
CONTENT = ("configs", "prompts", "evals", "scripts/tools")


@pytest.fixture
def repo(repo: Repo, moor: Any) -> Repo:
    """As on GitHub: with CODEOWNERS and a workflow."""
    workflow = repo.root / ".github/workflows/deploy.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("env: {FIRST: staging, THEN: production}\n")
    (repo.root / "evals/simulator/README.md").write_text("How rules are written.\n")
    assert moor("-C", repo.root, "schema", "--write").code == 0
    repo.commit("for GitHub")
    return repo


def tree(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def content(root: Path) -> dict[str, bytes]:
    return {file: text for file, text in tree(root).items() if file.startswith(CONTENT)}


def test_minimal_leaves_nothing_of_the_example_and_is_valid(moor: Any, repo: Repo) -> None:
    told = moor("-C", repo.root, *MINIMAL, "--agent", "helper")
    assert (told.code, told.err) == (0, "")
    assert moor("-C", repo.root, "validate", "--against", "HEAD").code == 0
    assert moor("-C", repo.root, "schema", "--check").code == 0
    found = content(repo.root)
    assert [file for file, text in found.items() if EXAMPLE.search(file) or EXAMPLE.search(text.decode())] == []
    assert "configs/agents/helper.yaml" in found
    assert found["evals/simulator/README.md"] == b"How rules are written.\n"
    drills = {file.removeprefix("evals/drills/") for file in found if file.startswith("evals/drills/")}
    assert drills == {"outage.yaml", "ours.yaml", "ours.csv"}  # one of tools that are gone is gone too
    owners = re.findall(r"@\S+", (repo.root / ".github/CODEOWNERS").read_text())
    assert set(owners) == {OWNER}
    assert not (repo.root / "scripts/tools").exists()


def test_it_says_first_what_it_does_and_last_what_comes_next(moor: Any, repo: Repo) -> None:
    before = set(tree(repo.root))
    lines = moor("-C", repo.root, *MINIMAL).out.splitlines()
    after = set(tree(repo.root))
    assert {line.split()[1] for line in lines if line.startswith("remove ")} == before - after
    assert {line.split()[1] for line in lines if line.startswith("write ")} == after - before
    assert lines[-3:] == ['  git add -A && git commit -m "Our own agents"', "  moor up", "  moor eval"]
    assert repo.git("log", "--oneline").count("\n") == 2


def test_a_dry_run_says_the_same_and_changes_nothing(moor: Any, repo: Repo) -> None:
    before = tree(repo.root)
    dry = moor("-C", repo.root, *MINIMAL[:-1], "--dry-run", "--json").json
    assert tree(repo.root) == before
    done = moor("-C", repo.root, *MINIMAL, "--json").json
    assert (dry.pop("reason"), done.pop("reason")) == ("reported", "changed")
    assert dry == done
    assert done["documents"] > 5


def test_a_second_time_there_is_nothing_to_change(moor: Any, repo: Repo) -> None:
    moor("-C", repo.root, *MINIMAL)
    repo.commit("ours")
    again = moor("-C", repo.root, *MINIMAL, "--json")
    assert (again.code, again.json["reason"]) == (0, "in-sync")
    assert repo.git("status", "--porcelain") == ""


def test_the_example_keeps_its_documents_under_another_owner(moor: Any, repo: Repo) -> None:
    before = content(repo.root)
    told = moor("-C", repo.root, "init", "--from", "example", "--owner", OWNER, "--yes")
    assert told.code == 0, told.err
    after = content(repo.root)
    assert after.keys() == before.keys()
    assert moor("-C", repo.root, "validate", "--against", "HEAD").code == 0
    changed = {line[1:].strip() for line in repo.git("diff", "-U0", "--", *CONTENT).splitlines() if line[0] in "+-"}
    values = {line for line in changed if not line.startswith(("++", "--", "version: "))}
    assert {re.sub(r"@[\w/-]+", "@", line) for line in values} == {'owner: "@"', '- "@"', 'reviewers: ["@"]'}
    guards = yaml.safe_load(after["configs/operations/guards.yaml"])
    assert (guards["owner"], guards["overrideOwners"]) == (OWNER, [OWNER])
    protected = yaml.safe_load(after["configs/operations/github.yaml"])["environments"]
    assert protected["production"]["reviewers"] == [OWNER]


def test_of_the_example_some_agents_and_environments_may_stay_alone(moor: Any, repo: Repo) -> None:
    wanted = ("--agent", "incident", "--environment", "local", "--environment", "production")
    told = moor("-C", repo.root, "init", "--from", "example", "--owner", OWNER, "--yes", *wanted)
    assert told.code == 0, told.err
    assert "deploy.yml names staging, which is no environment now" in told.err
    assert moor("-C", repo.root, "validate", "--against", "HEAD").code == 0
    found = content(repo.root)
    assert not [file for file in found if "support" in file or "staging" in file or file.startswith("scripts/tools")]
    assert "configs/tools/oncall/page-human.yaml" in found
    patrol = yaml.safe_load(found["configs/operations/patrol.yaml"])
    checks = {check["name"]: check for check in patrol["checks"]}
    assert "shop" not in checks
    assert "evals/drills/outage.yaml" in found
    assert "evals/drills/tools-down.yaml" not in found
    assert set(yaml.safe_load(found["configs/operations/github.yaml"])["environments"]) == {"production"}
    assert checks["jobs"]["environments"] == ["production"]
    local = yaml.safe_load(found["configs/environments/local.yaml"])
    assert (local["agents"], [probe["agent"] for probe in local["rollout"]["probes"]]) == (["incident"], ["incident"])


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (("--agent", "suport"), "there is no Agent 'suport'; did you mean 'support'?"),
        (("--environment", "locl"), "there is no Environment 'locl'; did you mean 'local'?"),
    ],
)
def test_of_the_example_only_what_is_there_can_stay(wanted: Sequence[str], message: str, moor: Any, repo: Repo) -> None:
    told = moor("-C", repo.root, "init", "--from", "example", "--owner", OWNER, "--yes", *wanted)
    assert (told.code, told.error) == (2, message)
    assert repo.git("status", "--porcelain") == ""


def test_named_environments_have_tiers_by_their_names_and_ports_of_their_own(moor: Any, repo: Repo) -> None:
    wanted = ("--environment", "dev", "--environment", "production", "--agent", "a", "--agent", "b/c")
    told = moor("-C", repo.root, *MINIMAL, *wanted)
    assert told.out.splitlines()[-2:] == ["  moor up dev", "  moor eval --environment dev"]
    assert moor("-C", repo.root, "validate").code == 0
    folder = repo.root / "configs/environments"
    found = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}
    assert {name: one["tier"] for name, one in found.items()} == {"dev": "development", "production": "production"}
    assert len({one["target"]["listen"] for one in found.values()}) == 2
    assert all(one["agents"] == ["a", "b/c"] for one in found.values())


def edited(repo: Repo) -> None:
    repo.edit("configs/agents/support.yaml", "maxModelCalls: 8", "maxModelCalls: 9")


def added(repo: Repo) -> None:
    (repo.root / "prompts/mine.yaml").write_text("mine")


def staged(repo: Repo) -> None:
    (repo.root / "scripts/tools/mine.py").write_text("mine")
    repo.git("add", "-A")


def deleted(repo: Repo) -> None:
    (repo.root / "evals/suites/support/smoke.yaml").unlink()


def ignored(repo: Repo) -> None:
    (repo.root / ".git/info/exclude").write_text("mine.yaml\n")
    (repo.root / "evals/suites/mine.yaml").write_text("mine")


@pytest.mark.parametrize("change", [edited, added, staged, deleted, ignored])
def test_what_is_not_committed_is_never_replaced(change: Any, moor: Any, repo: Repo) -> None:
    change(repo)
    before, state = tree(repo.root), repo.git("status", "--porcelain", "--ignored")
    told = moor("-C", repo.root, *MINIMAL, "--json")
    assert (told.code, told.json["reason"]) == (1, "dirty-tree")
    assert "1 uncommitted: " in told.json["message"]
    assert "git stash" in told.json["fix"]
    assert (tree(repo.root), repo.git("status", "--porcelain", "--ignored")) == (before, state)


def test_without_git_nothing_is_replaced(moor: Any, repo: Repo) -> None:
    (repo.root / ".git").rename(repo.root.parent / "gone")
    before = tree(repo.root)
    told = moor("-C", repo.root, *MINIMAL)
    assert told.code == 2
    assert "only what is committed" in told.error
    assert tree(repo.root) == before


def test_a_link_in_the_content_is_not_followed(moor: Any, repo: Repo) -> None:
    (repo.root / "configs/agents/linked.yaml").symlink_to("support.yaml")
    repo.commit("a link")
    told = moor("-C", repo.root, *MINIMAL)
    assert (told.code, told.error) == (2, "not a plain file: configs/agents/linked.yaml")


def test_what_would_not_be_valid_is_told_and_nothing_is_touched(moor: Any, repo: Repo) -> None:
    told = moor("-C", repo.root, *MINIMAL, "--agent", "shared/desk")
    assert (told.code, "prompts/shared/desk.yaml" in told.err) == (1, True)
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("init", "--owner", OWNER), "--yes, or --dry-run to see what it would do"),
        (("init", "--yes"), "--owner, such as --owner @acme/platform"),
        (("init", "--yes", "--owner", "acme"), "moor init --help"),
        (("init", "--yes", "--owner", OWNER, "--agent", "My Agent"), "moor init --help"),
        (("init", "--yes", "--owner", OWNER, "--from", "exmaple"), "moor init --help"),
    ],
)
def test_where_nobody_can_be_asked_flags_must_say_it(
    arguments: Sequence[str], said: str, moor: Any, repo: Repo
) -> None:
    told = moor("-C", repo.root, *arguments, "--json")
    assert (told.code, told.json["fix"]) == (2, said)
    assert repo.git("status", "--porcelain") == ""


def test_a_repository_in_a_folder_of_a_larger_one_is_replaced_there_alone(moor: Any, repo: Repo) -> None:
    within = repo.root / "agents"
    within.mkdir()
    for name in ("configs", "prompts", "evals", "scripts", "schemas"):
        (repo.root / name).rename(within / name)
    repo.commit("moved")
    assert moor("-C", within, *MINIMAL).code == 0
    assert moor("-C", within, "validate", "--against", "HEAD").code == 0
    assert {line[3:].split("/")[0] for line in repo.git("status", "--porcelain").splitlines()} == {"agents"}


def test_a_work_tree_of_a_shallow_clone_is_replaced_as_any_other(moor: Any, repo: Repo) -> None:
    repo.edit("configs/agents/support.yaml", "maxModelCalls: 8", "maxModelCalls: 9")
    repo.edit("configs/agents/support.yaml", "version: 1.1.0", "version: 1.2.0")
    repo.commit("more than one commit")
    shallow, linked = repo.root.parent / "shallow", Repo(repo.root.parent / "linked")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.root}", str(shallow))
    repo.git("-C", str(shallow), "worktree", "add", "--quiet", str(linked.root))
    linked.edit("prompts/support/main.yaml", "version: 1.0.1", "version: 1.0.2")
    linked.commit("beyond the clone")
    told = moor("-C", linked.root, *MINIMAL)
    assert told.code == 0, told.err
    assert moor("-C", linked.root, "validate", "--against", "HEAD").code == 0


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("git@host.example:acme/agents.git", "@acme"),
        ("https://host.example/acme/agents", "@acme"),
        ("ssh://git@host.example/acme-two/agents.git", "@acme-two"),
        ("https://host.example/my%20team/agents", None),
        ("/srv/git/agents.git", None),
        (None, None),
    ],
)
def test_the_owner_is_guessed_from_where_the_repository_comes_from(url: str | None, owner: str, repo: Repo) -> None:
    if url:
        repo.git("remote", "add", "origin", url)
    assert remote_owner(repo.root) == owner


def talk(root: Path, answers: Sequence[tuple[str, str | Callable[[], str]]]) -> tuple[int, str]:
    """Exit code and all that `moor init` writes on a terminal; each answer is given once its question is there."""
    terminal, child = pty.openpty()
    command = [sys.executable, "-m", "mooring", "--no-color", "-C", str(root), "init"]
    said, waiting, until = "", list(answers), time.monotonic() + 60
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child, close_fds=True) as process:
        os.close(child)
        while time.monotonic() < until:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    said += os.read(terminal, 65536).decode()
                except OSError:  # the other side is closed
                    break
            if waiting and waiting[0][0] in said:
                answer = waiting.pop(0)[1]
                os.write(terminal, f"{answer if isinstance(answer, str) else answer()}\n".encode())
        else:
            process.kill()
    os.close(terminal)
    assert waiting == [], said
    return process.returncode, said


def test_on_a_terminal_it_asks_with_good_defaults(moor: Any, repo: Repo) -> None:
    repo.git("remote", "add", "origin", "git@host.example:acme/agents.git")
    answers = [
        ("Begin with [minimal]", "minmal"),
        ("'minmal' is neither minimal nor example", ""),
        ("Who approves changes (a team or user) [@acme]", ""),
        ("Agents [assistant]", "desk, clerk"),
        ("Environments [local staging production]", ""),
        ("Do this? What is replaced stays in git [y/N]", "y"),
    ]
    code, said = talk(repo.root, answers)
    assert code == 0, said
    assert moor("-C", repo.root, "validate").code == 0
    assert (repo.root / "configs/agents/clerk.yaml").exists()
    assert '"@acme"' in (repo.root / "configs/agents/desk.yaml").read_text()


def test_who_does_not_agree_keeps_everything(repo: Repo) -> None:
    answers = [("Begin with", "example"), ("Who approves", OWNER), ("Do this?", "")]
    code, said = talk(repo.root, answers)
    assert (code, "nothing was changed" in said) == (0, True)
    assert repo.git("status", "--porcelain") == ""


def test_what_changes_while_the_question_is_open_is_not_replaced(repo: Repo) -> None:
    def agree_after_an_edit() -> str:
        edited(repo)
        return "y"

    code, said = talk(
        repo.root, [("Begin with", ""), ("Who", OWNER), ("Agents", ""), ("Env", ""), ("Do this?", agree_after_an_edit)]
    )
    assert (code, "1 uncommitted: configs/agents/support.yaml" in said) == (1, True)
    assert repo.git("status", "--porcelain") == " M configs/agents/support.yaml\n"
