"""GitHub: which comments are heard, what a login may do, and the one comment that answers."""

import json
from typing import Any

import pytest

from mooring.chat.platforms.platform import Posted, Unsent
from mooring.chat.said import Caller, Ignored, Place, Said, Unverified
from mooring.timestamps import iso
from tests.chat.platforms.answers import ASKS, DONE, NOW, QUEUED, RUNNING, run
from tests.chat.platforms.doors import connected
from tests.chat.standins import github
from tests.chat.standins.github import BOT, ISSUE

PLACE = Place("github", str(ISSUE))


def test_a_comment_that_was_just_created_is_heard() -> None:
    with connected("github") as (door, standin, _):
        said = door.receive(standin.comment("/agent status\nThanks!", NOW), NOW)
        assert isinstance(said, Said)
        assert (said.text, said.caller.id, said.place) == ("/agent status\nThanks!", "anna", PLACE)
        assert said.event.startswith("comment-")


def test_a_workflow_of_the_same_comment_is_the_same_event() -> None:
    with connected("github") as (door, standin, _):
        request = standin.comment("/agent status", NOW)
        payload = json.loads(request.body)
        assert door.read("issue_comment", payload, NOW) == door.receive(request, NOW)


def test_a_forks_pull_request_is_like_any_other_place() -> None:
    """Authority is the caller's permission, whatever the pull request says of itself."""
    with connected("github") as (door, standin, _):
        issue = {"number": ISSUE, "pull_request": {"url": "…"}, "user": {"login": "stranger", "type": "User"}}
        said = door.receive(standin.comment("/deploy rollback", NOW, login="stranger", issue=issue), NOW)
        assert run(door.vouch(said.caller)).permission == ""
        assert json.loads(standin.comment("x", NOW).body)["comment"]["author_association"] == "OWNER"


@pytest.mark.parametrize("action", ["edited", "deleted", None])
def test_a_comment_that_was_edited_or_deleted_is_not_heard(action: str | None) -> None:
    with connected("github") as (door, standin, _):
        assert isinstance(door.receive(standin.comment("/deploy rollback", NOW, action=action), NOW), Ignored)


def test_a_comment_that_changed_since_is_not_heard() -> None:
    with connected("github") as (door, standin, _):
        payload = json.loads(standin.comment("/deploy rollback", NOW).body)
        payload["comment"]["updated_at"] = iso(NOW + 10)
        assert isinstance(door.receive(github.signed(payload), NOW + 20), Ignored)


def test_bots_our_own_comments_other_repositories_and_events_are_not_heard() -> None:
    with connected("github") as (door, standin, _):
        payload = json.loads(standin.comment("/deploy rollback", NOW).body)
        comment = payload["comment"]
        for changed in (
            payload | {"comment": comment | {"user": BOT}},
            payload | {"sender": BOT},
            payload | {"comment": comment | {"performed_via_github_app": {"id": 1}}},
            payload | {"comment": comment | {"body": "<!-- mooring chat comment-1 -->\n/deploy rollback"}},
            payload | {"comment": comment | {"body": "What does /deploy rollback do?"}},
            payload | {"repository": {"full_name": "stranger/agents"}},
        ):
            assert isinstance(door.receive(github.signed(changed), NOW), Ignored)
        assert isinstance(door.receive(github.signed(payload, "pull_request_review_comment"), NOW), Ignored)
        assert isinstance(door.receive(github.signed({"zen": "…"}, "ping"), NOW), Ignored)
        assert isinstance(door.receive(github.signed(payload), NOW), Said)


def test_a_comment_that_is_delivered_hours_later_is_obeyed_no_more() -> None:
    with connected("github") as (door, standin, _):
        request = standin.comment("/deploy rollback", NOW)
        assert isinstance(door.receive(request, NOW + 3500), Said)
        assert isinstance(door.receive(request, NOW + 3700), Ignored)


@pytest.mark.parametrize(
    ("permission", "role", "expected"),
    [
        ("write", "maintain", "maintain"),
        ("read", "triage", "triage"),
        ("admin", "admin", "admin"),
        ("write", "release-captain", "write"),
        ("none", "", ""),
        ("owner", "owner", ""),
    ],
)
def test_what_a_login_may_do_is_what_the_api_says(permission: str, role: str, expected: str) -> None:
    with connected("github") as (door, standin, _):
        standin.permissions["anna"] = (permission, role)
        assert run(door.vouch(Caller("github", "anna"))).permission == expected


def test_a_stranger_has_no_permission_and_an_outage_gives_none() -> None:
    with connected("github") as (door, standin, _):
        assert run(door.vouch(Caller("github", "stranger"))).permission == ""
        troubles: list[list[Any]] = [[500] * 3, [401], [(200, {}, {"permission": "admin"})], [(200, {}, [])]]
        for trouble in troubles:
            standin.trouble = trouble
            with pytest.raises(Unsent):
                run(door.vouch(Caller("github", "anna")))
        standin.trouble = [(200, {}, {"permission": "admin", "role_name": "admin", "user": {"login": "root"}})]
        with pytest.raises(Unsent):
            run(door.vouch(Caller("github", "anna")))


def test_a_login_cannot_be_a_path() -> None:
    with connected("github") as (door, standin, _):
        assert run(door.vouch(Caller("github", "../../x?y"))).permission == ""
        assert standin.asked[-1].path["username"] == "../../x?y"


def test_the_answer_is_one_comment_that_is_edited() -> None:
    with connected("github") as (door, standin, _):

        async def told() -> None:
            said = door.receive(standin.comment("/deploy rollback", NOW), NOW)
            assert door.acknowledge(said, QUEUED).posted is None
            posted = None
            for answer in (QUEUED, RUNNING, DONE):
                posted = await door.answer(said, answer, posted)

        run(told())
        (written,) = standin.written
        assert written.startswith("<!-- mooring chat comment-")
        assert "Rolled back production" in written


def test_a_comment_whose_answer_was_lost_is_not_written_twice() -> None:
    with connected("github") as (door, standin, _):
        said = door.receive(standin.comment("/deploy rollback", NOW), NOW)
        standin.add(f"<!-- mooring chat {said.event} -->\nforged", {"login": "stranger", "type": "User"})
        standin.trouble = ["lost"]
        posted = run(door.answer(said, DONE, None))
        assert len(standin.written) == 1
        assert standin.comments[posted.handle["comment"]]["user"] == BOT


def test_a_comment_that_was_deleted_is_written_anew() -> None:
    with connected("github") as (door, standin, _):
        posted = run(door.edit(PLACE, Posted({"comment": 5, "mark": "<!-- mooring chat x -->"}), DONE))
        assert posted.handle["comment"] in standin.comments


def test_limits_are_honoured_and_refusals_hold_no_token() -> None:
    with connected("github") as (door, standin, _):
        standin.trouble = [(429, {"Retry-After": "0"}, {}), (403, {"Retry-After": "0"}, {})]
        run(door.post(PLACE, DONE))
        standin.trouble = [(403, {"Retry-After": "3600"}, {})]
        with pytest.raises(Unsent, match="wait for 3600 s"):
            run(door.post(PLACE, DONE))
        standin.trouble = [403]
        with pytest.raises(Unsent, match="HTTP 403") as caught:
            run(door.post(PLACE, DONE))
        assert github.TOKEN not in repr(caught.value) + repr(door)
        assert github.SECRET not in repr(door)


def test_an_adapter_without_a_webhook_secret_hears_no_webhook() -> None:
    with connected("github") as (door, standin, _):
        door.webhook_secret = ""
        request = github.signed(json.loads(standin.comment("/deploy rollback", NOW).body), secret="")
        with pytest.raises(Unverified):
            door.receive(request, NOW)


def test_commands_that_were_never_delivered_are_found() -> None:
    with connected("github") as (door, standin, clock):
        clock.now = NOW + 60
        delivered = door.receive(standin.comment("/drift", NOW), NOW)
        standin.add("thanks", {"login": "anna", "type": "User"}, at=NOW)
        standin.add("/drift", BOT, at=NOW)
        standin.add("/deploy rollback", {"login": "anna", "type": "User"}, at=NOW - 7200)
        recent, old = run(door.since(NOW - 86400))
        assert (recent.said, recent.at) == (delivered, NOW)
        assert (old.said.text, old.at) == ("/deploy rollback", NOW - 7200)


def test_a_question_says_which_code_answers_it() -> None:
    with connected("github") as (door, standin, _):
        asks = ASKS.__class__(ASKS.stage, ASKS.title, facts=(*ASKS.facts, ("Or say", "/confirm abcd2345")))
        run(door.post(PLACE, asks))
        assert "`/confirm abcd2345`" in standin.written[0]
