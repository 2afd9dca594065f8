"""An upgrade brings the template's new version as a branch, keeps what is the team's, and overwrites nothing."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main
from tests.repository import Repo
from tests.upgrade.conftest import LINES, copy_of, put, release

pytestmark = pytest.mark.slow

Moor = Callable[..., Any]


@pytest.fixture
def upgrade(capsys: pytest.CaptureFixture[str], copy: Repo) -> Moor:
    """`moor upgrade --json` in the copy: its exit code and its object."""

    def run(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["-C", str(copy.root), "--json", "upgrade", *map(str, arguments)])
        return code, json.loads(capsys.readouterr().out)

    return run


def what(data: dict[str, Any]) -> dict[str, str]:
    return {each["file"]: each["what"] for each in data["changes"]}


def shown(repo: Repo, branch: str, path: str) -> str:
    return repo.git("show", f"{branch}:{path}")


def test_two_versions_apart_new_code_comes_a_changed_prompt_stays_and_documents_are_migrated(
    upgrade: Moor, template: Repo, copy: Repo, seen: Callable[[Repo], Any]
) -> None:
    before = seen(copy)
    code, data = upgrade(template.root)
    assert (code, data["offered"], data["branch"]) == (0, True, "mooring-upgrade-0.3.0")
    assert (data["from"]["version"], data["to"]["version"]) == ("0.1.0", "0.3.0")
    assert seen(copy).files == before.files
    assert seen(copy).remotes == before.remotes == ""
    assert seen(copy).status == before.status == ""

    copy.git("merge", "-q", data["branch"])
    assert (copy.root / "scripts/new.py").read_text() == "new\n"
    assert not (copy.root / "scripts/old.py").exists()
    assert (copy.root / "prompts/a.yaml").read_text() == "Our prompt.\n"
    assert (copy.root / "scripts/tools/shipping.py").read_text() == "ours\n"
    assert (copy.root / "configs/a.yaml").read_text() == "apiVersion: mooring/v1\nmigrated: true\n"
    assert (copy.root / "schemas/a.schema.json").read_text() == '__version__ = "0.3.0"\n'
    assert (copy.root / "scripts/moor").stat().st_mode & 0o111
    assert data["migrated"][0]["file"] == "configs/a.yaml"


def test_after_a_merge_there_is_nothing_to_do_until_the_template_has_more(
    upgrade: Moor, template: Repo, copy: Repo
) -> None:
    copy.git("merge", "-q", upgrade(template.root, "v0.2.0")[1]["branch"])
    copy.git("merge", "-q", upgrade(template.root)[1]["branch"])
    code, data = upgrade(template.root)
    assert (code, data["reason"], data["branch"]) == (0, "in-sync", None)
    release(template, "0.4.0", {"scripts/new.py": "newer\n"})
    code, data = upgrade(template.root)
    assert code == 0
    versioned = ("schemas/a.schema.json", "scripts/mooring/__init__.py", "scripts/new.py")
    assert what(data) == dict.fromkeys(versioned, "changed")
    assert data["from"]["version"] == "0.3.0"


def test_local_edits_of_product_files_are_shown_and_never_overwritten(
    upgrade: Moor, template: Repo, copy: Repo
) -> None:
    put(
        copy,
        {
            "scripts/code.py": LINES.replace("10\n", "ours\n", 1),
            ".github/workflows/validate.yml": "on: pull_request\n",
            ".github/workflows/ours.yml": "on: push\n",
            "scripts/ours.sh": "ours\n",
            "README.md": "# Ours\n",
        },
    )
    copy.commit("Edits")
    release(template, "0.3.1", {"README.md": "# Mooring, better\n"})
    code, data = upgrade(template.root)
    assert code == 0
    branch = data["branch"]
    both = LINES.replace("3\n", "three\n", 1).replace("10\n", "ours\n", 1).replace("18\n", "eighteen\n")
    assert shown(copy, branch, "scripts/code.py") == both
    assert shown(copy, branch, ".github/workflows/validate.yml") == "on: pull_request\n"
    assert shown(copy, branch, ".github/workflows/ours.yml") == "on: push\n"
    assert shown(copy, branch, "scripts/ours.sh") == "ours\n"
    assert shown(copy, branch, "README.md") == "# Ours\n"
    told = what(data)
    assert told["scripts/code.py"] == "merged"
    assert told["README.md"] == told[".github/workflows/validate.yml"] == "kept"
    assert "scripts/ours.sh" not in told


def test_conflicts_are_one_list_and_the_branch_has_yours_without_a_mark(
    upgrade: Moor, template: Repo, copy: Repo
) -> None:
    mine = LINES.replace("3\n", "drei\n", 1)
    put(copy, {"scripts/code.py": mine, "scripts/old.py": "old and ours\n", "scripts/new.py": "our new\n"})
    put(copy, {"requirements.lock": "one==1\nours==1\n"})
    copy.commit("Edits")
    release(template, "0.3.1", {"requirements.lock": "one==2\n"})
    code, data = upgrade(template.root)
    assert (code, data["reason"], data["offered"]) == (1, "conflicts", True)
    assert data["conflicts"] == ["requirements.lock", "scripts/code.py", "scripts/new.py", "scripts/old.py"]
    for path in data["conflicts"]:
        assert shown(copy, data["branch"], path) == (copy.root / path).read_text()
    why = {each["file"]: each["why"] for each in data["changes"]}
    assert why["scripts/code.py"] == "both changed the same lines"
    assert "lock" in why["requirements.lock"]


def test_the_commands_that_a_conflict_names_show_the_new_file_and_put_both_together(
    template: Repo, copy: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    put(copy, {"scripts/code.py": LINES.replace("3\n", "drei\n", 1)})
    copy.commit("Edit")
    assert main(["-C", str(copy.root), "upgrade", str(template.root)]) == 1
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    show = next(line for line in lines if line.startswith("git show "))
    put_in = next(line for line in lines if line.endswith("git apply --3way"))
    merge = next(line for line in lines if line.startswith("git merge "))
    new = subprocess.run(show, shell=True, cwd=copy.root, capture_output=True, text=True, check=True).stdout
    assert new == (template.root / "scripts/code.py").read_text()
    subprocess.run(merge, shell=True, cwd=copy.root, check=True, capture_output=True)
    subprocess.run(put_in, shell=True, cwd=copy.root, check=False, capture_output=True)
    both = (copy.root / "scripts/code.py").read_text()
    assert "<<<<<<<" in both
    assert "drei" in both
    assert "three" in both
    assert "eighteen" in both


def test_a_file_that_you_deleted_stays_deleted_and_one_that_both_deleted_is_no_matter(
    upgrade: Moor, template: Repo, copy: Repo
) -> None:
    put(copy, {"scripts/old.py": None, "requirements.lock": None, "scripts/code.py": None})
    copy.commit("Fewer")
    code, data = upgrade(template.root)
    told = what(data)
    assert (code, data["conflicts"]) == (1, ["scripts/code.py"])
    assert told["requirements.lock"] == "kept"
    assert "scripts/old.py" not in told
    names = copy.git("ls-tree", "-r", "--name-only", data["branch"]).split()
    assert not {"scripts/old.py", "requirements.lock", "scripts/code.py"} & set(names)


def test_modes_links_and_binaries_are_files_like_others(upgrade: Moor, template: Repo, copy: Repo) -> None:
    (template.root / "scripts/new.py").chmod(0o755)
    (template.root / "scripts/link").symlink_to("moor")
    (template.root / "scripts/way.png").write_bytes(bytes(range(256)))
    release(template, "0.3.1", {})
    data = upgrade(template.root)[1]
    modes = {line.split("\t")[1]: line.split()[0] for line in copy.git("ls-tree", "-r", data["branch"]).splitlines()}
    assert (modes["scripts/new.py"], modes["scripts/link"]) == ("100755", "120000")
    copy.git("merge", "-q", data["branch"])
    (copy.root / "scripts/way.png").write_bytes(bytes(range(255)))
    copy.commit("Ours")
    (template.root / "scripts/way.png").write_bytes(bytes(range(250)))
    release(template, "0.3.2", {})
    assert upgrade(template.root)[1]["conflicts"] == ["scripts/way.png"]


def test_whatever_a_file_is_called_it_comes_and_is_told(upgrade: Moor, template: Repo, copy: Repo) -> None:
    names = ["scripts/two words.py", "scripts/line\nbreak", 'scripts/"quoted"', "scripts/模板", "scripts/\udce9"]
    for name in names:
        (template.root / name).write_text("new\n")
    release(template, "0.3.1", {})
    (copy.root / names[-1]).write_text("ours\n")
    copy.commit("One of them")
    code, data = upgrade(template.root)
    assert (code, len(data["conflicts"])) == (1, 1)
    assert [name for name in names[:-1] if what(data)[name] != "added"] == []
    copy.git("merge", "-q", data["branch"])
    assert [(copy.root / name).read_text() for name in names] == [*["new\n"] * 4, "ours\n"]


def test_a_new_file_in_the_place_of_your_folder_is_a_conflict(upgrade: Moor, template: Repo, copy: Repo) -> None:
    put(copy, {"scripts/new.py/inside.py": "ours\n"})
    copy.commit("A folder")
    code, data = upgrade(template.root)
    assert (code, data["conflicts"]) == (1, ["scripts/new.py"])
    assert shown(copy, data["branch"], "scripts/new.py/inside.py") == "ours\n"


def test_what_is_not_committed_is_told_and_stays(
    template: Repo, copy: Repo, seen: Callable[[Repo], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    put(copy, {"scripts/code.py": "edited\n", "prompts/new.yaml": "new\n"})
    copy.git("add", "prompts/new.yaml")
    before = seen(copy)
    assert main(["-C", str(copy.root), "upgrade", str(template.root)]) == 0
    err = capsys.readouterr().err
    assert "not in it is what you did not commit: prompts/new.yaml, scripts/code.py" in err
    assert "before you merge, since the upgrade changes it too: scripts/code.py" in err
    after = seen(copy)
    assert (after.files, after.status) == (before.files, before.status)


def test_a_dry_run_lists_and_leaves_no_branch(
    upgrade: Moor, template: Repo, copy: Repo, seen: Callable[[Repo], Any]
) -> None:
    before = seen(copy)
    code, data = upgrade(template.root, "--dry-run")
    assert (code, data["branch"], data["merge"]) == (0, None, None)
    assert what(data)["scripts/new.py"] == "added"
    assert what(data)["scripts/old.py"] == "removed"
    assert seen(copy) == before
    assert not list((copy.root / ".git/mooring-upgrade").glob("tree-*"))


@pytest.mark.parametrize("verb", ["upgrade", "schema", "validate", "eval"])
def test_a_branch_that_fails_is_kept_to_look_at_and_not_offered(
    upgrade: Moor, template: Repo, copy: Repo, verb: str
) -> None:
    put(copy, {"evals/suites/a.yaml": "a\n"})
    copy.commit("A suite")
    release(template, "0.3.1", {f"fails-{verb}": ""})
    code, data = upgrade(template.root)
    assert (code, data["reason"], data["offered"], data["merge"]) == (1, "findings", False, None)
    assert data["branch"] == "mooring-upgrade-0.3.1-failing"
    failed = [step for step in data["steps"] if not step["passed"]]
    assert [step["command"].split()[1] for step in failed] == [verb]
    assert failed[0]["findings"] == [f"configs/a.yaml:3 name: {verb} says no"]
    assert copy.git("branch", "--list", "mooring-upgrade-*").split() == ["mooring-upgrade-0.3.1-failing"]
    put(template, {f"fails-{verb}": None})
    release(template, "0.3.2", {})
    assert upgrade(template.root)[1]["branch"] == "mooring-upgrade-0.3.2"


def test_code_that_does_not_even_start_is_told_with_its_place(upgrade: Moor, template: Repo, copy: Repo) -> None:
    release(template, "0.3.1", {"scripts/moor": "#!/usr/bin/env python3\nbroken = (\n"})
    code, data = upgrade(template.root)
    assert (code, data["offered"]) == (1, False)
    (step,) = data["steps"]
    assert step["findings"] == ['File "./scripts/moor", line 2', "SyntaxError: '(' was never closed"]


def test_suites_are_asked_unless_it_is_said_otherwise(upgrade: Moor, template: Repo, copy: Repo) -> None:
    put(copy, {"evals/suites/a.yaml": "a\n", "configs/environments/desk.yaml": "a\n"})
    copy.commit("A suite")
    asked = [step["command"] for step in upgrade(template.root)[1]["steps"]]
    assert asked[-1] == "moor eval --environment desk"
    without = [step["command"] for step in upgrade(template.root, "--no-tests")[1]["steps"]]
    assert without == asked[:-1]


def test_a_second_run_takes_the_place_of_the_first_and_of_one_that_failed(
    upgrade: Moor, template: Repo, copy: Repo
) -> None:
    release(template, "0.3.1", {"fails-validate": ""})
    assert upgrade(template.root)[1]["branch"] == "mooring-upgrade-0.3.1-failing"
    put(template, {"fails-validate": None})
    template.commit("Better")
    template.git("tag", "-f", "v0.3.1")
    assert upgrade(template.root)[0] == 0
    assert upgrade(template.root)[0] == 0
    assert copy.git("branch", "--list", "mooring-upgrade-*").split() == ["mooring-upgrade-0.3.1"]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        return


@pytest.fixture
def served(template: Repo) -> Iterator[str]:
    """The template's address at a plain web server, as git's dumb protocol reads it."""
    template.git("update-server-info")
    handler = partial(Quiet, directory=str(template.root / ".git"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_an_address_is_recorded_and_asked_from_then_on(upgrade: Moor, template: Repo, copy: Repo, served: str) -> None:
    data = upgrade(served, "v0.2.0")[1]
    assert json.loads(shown(copy, data["branch"], ".github/template.json"))["address"] == served
    copy.git("merge", "-q", data["branch"])
    code, data = upgrade()
    assert (code, data["address"], data["to"]["version"]) == (0, served, "0.3.0")


def test_a_folder_of_this_machine_is_not_recorded(upgrade: Moor, template: Repo, copy: Repo) -> None:
    data = upgrade(template.root)[1]
    record = json.loads(shown(copy, data["branch"], ".github/template.json"))
    assert record == {"address": "", "version": "0.3.0", "commit": template.git("rev-parse", "HEAD").strip()}
    assert str(template.root) not in copy.git("log", "-1", "--format=%B", data["branch"])


def test_a_clone_and_a_fork_know_where_they_came_from_without_a_tag(
    template: Repo, copy: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(template, {"scripts/new.py": "between\n"})
    template.commit("Between two versions")
    subprocess.run(["git", "clone", "-q", template.root, tmp_path / "fork"], check=True)
    fork = Repo(tmp_path / "fork")
    put(fork, {"prompts/a.yaml": "Our prompt.\n"})
    fork.commit("Ours")
    release(template, "0.4.0", {"scripts/new.py": "later\n"})
    assert main(["-C", str(fork.root), "--json", "upgrade", str(template.root)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["from"]["version"].startswith("0.3.0-")
    assert what(data)["scripts/new.py"] == "changed"


def test_a_copy_whose_first_commit_was_edited_is_compared_with_the_tag_of_its_version(
    template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = copy_of(template, tmp_path / "other", "v0.2.0")
    put(other, {"prompts/a.yaml": "Ours.\n"})
    other.git("add", "-A")
    other.git("commit", "-q", "--amend", "-m", "Initial commit")
    assert main(["-C", str(other.root), "--json", "upgrade", str(template.root)]) == 0
    assert json.loads(capsys.readouterr().out)["from"]["version"] == "0.2.0"


def test_a_bundle_and_a_branch_do_without_a_network(upgrade: Moor, template: Repo, copy: Repo, tmp_path: Path) -> None:
    template.git("bundle", "create", "-q", str(tmp_path / "template.bundle"), "--all")
    code, data = upgrade(tmp_path / "template.bundle", "main")
    assert (code, data["to"]["version"]) == (0, "0.3.0")


def test_going_back_is_refused_unless_it_is_said(upgrade: Moor, template: Repo, copy: Repo) -> None:
    copy.git("merge", "-q", upgrade(template.root)[1]["branch"])
    code, data = upgrade(template.root, "v0.2.0")
    assert (code, data["message"]) == (1, "0.2.0 is older than 0.3.0, which is here")
    assert upgrade(template.root, "v0.2.0", "--older")[1]["branch"] == "mooring-upgrade-0.2.0"


def test_hooks_and_the_variables_of_a_hook_have_no_part_in_it(
    upgrade: Moor, template: Repo, copy: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("post-checkout", "pre-commit", "reference-transaction"):
        hook = copy.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
        hook.chmod(0o755)
    monkeypatch.setenv("GIT_INDEX_FILE", str(copy.root / "elsewhere"))
    monkeypatch.setenv("GIT_DIR", str(template.root / ".git"))
    code, data = upgrade(template.root)
    assert code == 0
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert not list(copy.root.rglob("ran"))
    assert data["branch"] in copy.git("branch")
