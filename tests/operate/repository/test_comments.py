"""One comment on a pull request, against a stand-in for GitHub's REST API on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, UsageError
from mooring.operate.repository.comments import head_of, publish, pull_request
from mooring.operate.repository.github import GitHub
from mooring.report.evaluation.markdown import comment
from tests.evaluate.behaviour.story import Edit, dropped
from tests.operate.repository.standin import BOT, TOKEN, Answer, Query, StandIn

BODY = "<!-- mooring evaluation local -->\n### fine\n"


class Api(StandIn):
    """Pull request 7 with its comments."""

    repository = "shop/agents"

    def __init__(self) -> None:
        super().__init__()
        self.comments: list[dict[str, Any]] = []

    def add(self, body: str, user: dict[str, str]) -> None:
        self.comments.append({"id": len(self.comments) + 1, "user": user, "body": body})

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", ["pulls"]:
                assert query["head"] == ["stranger:better&prompt"]
                return 200, [{"number": 7, "head": {"sha": "c0ffee"}}]
            case "GET", ["issues", "7", "comments"]:
                start = (int(query["page"][0]) - 1) * 100
                return 200, self.comments[start : start + 100]
            case "POST", ["issues", "7", "comments"]:
                self.add(sent["body"], BOT)
                return 201, {}
            case "PATCH", ["issues", "comments", number]:
                found = [one for one in self.comments if number == str(one["id"])]
                found[0]["body"] = sent["body"]
                return 200, {}
        return 404, {}


@pytest.fixture
def api() -> Iterator[Api]:
    with Api().serving() as server:
        yield server


@pytest.fixture
def pauses() -> list[float]:
    return []


def test_the_comment_of_an_evaluation_is_written_once_and_updated_ever_after(api: Api, edit: Edit) -> None:
    assert publish(api.github, 7, comment(dropped(edit))) == "commented on #7"
    assert publish(api.github, 7, comment(dropped(edit, live=True))) == "updated the comment on #7"
    assert publish(api.github, 7, comment(dropped(edit, live=True))) == "the comment on #7 is as it should be"
    assert [one["body"].count("**live evidence**") for one in api.comments] == [1]


def test_it_is_found_behind_hundreds_of_others(api: Api) -> None:
    for n in range(250):
        api.add(f"talk {n}", {"login": "somebody"})
    api.add(BODY, BOT)
    assert publish(api.github, 7, BODY + "more") == "updated the comment on #7"
    assert len(api.comments) == 251


def test_a_comment_of_somebody_else_and_one_of_another_environment_are_left_alone(api: Api) -> None:
    api.add(BODY, {"login": "stranger"})
    api.add(BODY.replace("local", "staging"), BOT)
    assert publish(api.github, 7, BODY) == "commented on #7"
    assert len(api.comments) == 3


def test_trouble_that_passes_is_waited_for(api: Api, pauses: list[float]) -> None:
    api.trouble = [503, 500]
    assert publish(api.github, 7, BODY, pauses.append) == "commented on #7"
    assert pauses == [1.0, 4.0]


def test_a_comment_that_was_stored_all_the_same_is_not_repeated(api: Api, pauses: list[float]) -> None:
    api.trouble = ["fine", "lost"]
    assert publish(api.github, 7, BODY, pauses.append) == "the comment on #7 is as it should be"
    assert len(api.comments) == 1


def test_trouble_that_stays_is_one_line_without_the_token(api: Api, pauses: list[float]) -> None:
    api.trouble = [502] * 9
    with pytest.raises(Failed, match=r"cannot be reached at .*, tried 4 times: HTTP 502") as raised:
        publish(api.github, 7, BODY, pauses.append)
    assert TOKEN not in f"{raised.value} {raised.value.fix} {api.github!r}"
    assert len(pauses) == 3


@pytest.mark.parametrize(("status", "fix"), [(403, "pull-requests: write"), (422, ""), (302, "")])
def test_a_refusal_is_not_tried_again_and_no_redirect_is_followed(api: Api, status: int, fix: str) -> None:
    api.trouble = [status]
    with pytest.raises(Failed, match=f"GitHub refused a GET: HTTP {status}") as raised:
        publish(api.github, 7, BODY)
    assert fix in raised.value.fix
    assert len(api.asked) == 1


def test_an_unreachable_github_is_one_line(pauses: list[float]) -> None:
    with Api() as closed:
        github = closed.github
    with pytest.raises(Failed, match="tried 4 times: ConnectError"):
        publish(github, 7, BODY, pauses.append)


def test_a_body_needs_its_marker(api: Api) -> None:
    with pytest.raises(ValueError, match="marker"):
        publish(api.github, 7, "### fine\n")
    assert api.asked == []


@pytest.mark.parametrize("missing", ["GH_TOKEN", "GITHUB_REPOSITORY"])
def test_settings_that_are_missing_are_named(api: Api, missing: str) -> None:
    with pytest.raises(UsageError, match="GITHUB_REPOSITORY and GH_TOKEN"):
        GitHub.of({name: value for name, value in api.environ.items() if name != missing})


def test_the_pull_request_is_the_events_own(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 12}}', encoding="utf-8")
    assert pull_request({"GITHUB_EVENT_PATH": str(event)}) == 12
    assert pull_request({"GITHUB_REF": "refs/pull/5/merge"}) == 5
    event.write_text("[]", encoding="utf-8")
    assert pull_request({"GITHUB_EVENT_PATH": str(event), "GITHUB_REF": "refs/heads/main"}) is None


def test_the_pull_request_of_a_commit_is_asked_of_github(api: Api) -> None:
    assert head_of(api.github, "stranger", "better&prompt", "c0ffee") == 7
    assert head_of(api.github, "stranger", "better&prompt", "older") is None
