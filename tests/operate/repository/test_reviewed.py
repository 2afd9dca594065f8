"""What reviewers of merged pull requests saw, against a stand-in for GitHub's REST API on loopback."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.operate.repository import reviewed
from tests.operate.repository.merged import Merged

HEAD, MERGED = "c0ffee" + "0" * 34, "beef" + "0" * 36
COMMENT = Path(__file__).parents[3] / ".github/actions/comment/comment.py"


@pytest.fixture
def host() -> Iterator[Merged]:
    with Merged().serving() as server:
        yield server


def test_the_pull_request_of_a_commit_is_the_one_that_was_merged_into_the_default_branch(host: Merged) -> None:
    host.merge(6, HEAD, "0" * 40, MERGED, into="feature")
    host.merge(9, HEAD, "1" * 40, MERGED)
    host.merge(7, HEAD, MERGED)
    host.merge(8, HEAD, "2" * 40)
    host.commits["2" * 40][0]["merged_at"] = None
    found = reviewed.merged_by(host.github, MERGED)
    assert found is not None
    assert (found.number, found.author, found.head, found.merged) == (7, "ann", HEAD, MERGED)
    assert reviewed.merged_by(host.github, "2" * 40) is None
    assert reviewed.merged_by(host.github, "3" * 40) is None


def test_plans_are_found_as_the_comment_writes_them_whatever_is_in_them(host: Merged) -> None:
    spec = importlib.util.spec_from_file_location("comment", COMMENT)
    assert spec
    assert spec.loader
    comment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(comment)
    forged = "nothing\n```\n\n### production\n\n```text\n  meaning sha256:" + "0" * 64 + "\n```"
    plans = {"staging": forged, "production": "production: 1 change\n~ agent a"}
    host.say(7, reviewed.MARK + "\nnot ours", login="mallory")
    host.say(7, comment.body(plans, HEAD).replace("\n", "\r\n"))
    found = reviewed.seen(host.github, 7)
    assert found == reviewed.Reviewed(HEAD[:12], plans)
    assert reviewed.seen(host.github, 8) is None


def test_an_approval_counts_until_its_author_says_otherwise(host: Merged) -> None:
    for login, state in (("ann", "APPROVED"), ("bob", "APPROVED"), ("ann", "COMMENTED"), ("bob", "CHANGES_REQUESTED")):
        host.review(7, login, state)
    assert reviewed.approved_by(host.github, 7) == ("ann",)


def test_passing_errors_are_tried_again_and_a_missing_permission_is_named(host: Merged) -> None:
    host.merge(7, HEAD, MERGED)
    host.trouble = [503, 429]
    assert reviewed.merged_by(host.github, MERGED, lambda _: None)
    host.trouble = [403]
    with pytest.raises(Failed, match="HTTP 403") as refused:
        reviewed.seen(host.github, 7)
    assert refused.value.fix == "the job needs the permission pull-requests: read"
