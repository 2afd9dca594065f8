"""`moor comment`: what was left behind by a stranger's code becomes a comment, read as data."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mooring.drill.verdict import judge
from mooring.report.drill import files as drill_files
from mooring.report.evaluation import files
from tests.evaluate.behaviour.story import dropped
from tests.operate.repository.test_comments import Api
from tests.report.drill.story import WORSE, lived, outage

HEAD = ("--owner", "stranger", "--branch", "better&prompt", "--commit")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with Api() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("GITHUB_REF", raising=False)
        monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
        yield server
        server.shutdown()


@pytest.fixture
def folder(tmp_path: Path, edit: Any) -> Path:
    files.write(tmp_path / "evaluation", dropped(edit))
    return tmp_path / "evaluation"


@pytest.mark.slow
def test_the_comment_is_written_once_and_updated(api: Api, folder: Path, moor: Any, edit: Any) -> None:
    assert moor("comment", folder, *HEAD, "c0ffee").out == "commented on #7\n"
    files.write(folder, dropped(edit, live=True))
    assert moor("comment", folder, *HEAD, "c0ffee").out == "updated the comment on #7\n"
    (comment,) = api.comments
    assert "**live evidence**" in comment["body"]


def test_markdown_that_was_left_behind_is_not_looked_at(api: Api, folder: Path, moor: Any) -> None:
    (folder / "comment.md").write_text("<!-- mooring evaluation local -->\n@everybody [click](https://evil.example)")
    assert moor("comment", folder, *HEAD, "c0ffee").code == 0
    assert "evil.example" not in api.comments[0]["body"]


@pytest.mark.slow
def test_drills_have_a_comment_of_their_own_that_is_updated(api: Api, folder: Path, moor: Any, tmp_path: Path) -> None:
    moor("comment", folder, *HEAD, "c0ffee")
    found = {"outage": lived(outage(), WORSE)}
    drill_files.write(tmp_path / "drills", found, judge(found, ()))
    assert moor("comment", tmp_path / "drills", *HEAD, "c0ffee").out == "commented on #7\n"
    drill_files.write(tmp_path / "drills", found, judge(found, ()), ["standard: retry.tries 3 -> 1"])
    (tmp_path / "drills/comment.md").write_text("<!-- mooring drill -->\n@everybody [click](https://evil.example)")
    assert moor("comment", tmp_path / "drills", *HEAD, "c0ffee").out == "updated the comment on #7\n"
    evaluation, drills = (comment["body"] for comment in api.comments)
    assert "Evaluation of `local`" in evaluation
    assert "- `standard: retry.tries 3 -> 1`" in drills
    assert "evil.example" not in drills


def test_a_link_to_another_file_is_not_followed(api: Api, folder: Path, moor: Any, tmp_path: Path) -> None:
    plan = folder / files.PLAN
    plan.rename(tmp_path / "elsewhere.json")
    plan.symlink_to(tmp_path / "elsewhere.json")
    assert "nothing to say" in moor("comment", folder, *HEAD, "c0ffee").out
    assert api.comments == []


def test_a_pull_request_that_moved_on_is_told_nothing(api: Api, folder: Path, moor: Any) -> None:
    told = moor("comment", folder, *HEAD, "0ddba11", "--json")
    assert (told.code, told.json["pull_request"]) == (0, None)
    assert api.comments == []


def test_a_run_that_left_nothing_is_told_of_by_nothing(api: Api, tmp_path: Path, moor: Any) -> None:
    assert moor("comment", tmp_path, *HEAD, "c0ffee").out.endswith("nothing to say\n")
    assert api.asked == []


def test_what_is_no_evaluation_is_refused(api: Api, folder: Path, moor: Any) -> None:
    (folder / files.PLAN).write_text('{"cases": "@everybody"}')
    told = moor("comment", folder, *HEAD, "c0ffee", "--json")
    assert (told.code, told.json["reason"]) == (1, "tampered")


def test_half_a_head_is_a_mistake(api: Api, folder: Path, moor: Any) -> None:
    assert "name a head together" in moor("comment", folder, "--owner", "stranger").error
