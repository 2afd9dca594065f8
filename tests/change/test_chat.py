"""A change of a Chat document says who may do more by it, and with less asking."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]

WAS = "role operator: deploy *, agent * in local"
ROLE = {"commands": ["deploy *", "agent *"], "environments": ["local"]}


@pytest.mark.parametrize(
    ("field", "after", "expected"),
    [
        ("people.1.roles", ["reader"], [("closed", "no longer: second has the role operator")]),
        ("people.0.roles", ["operator", "reader"], [("opened", "first has the role reader")]),
        ("people.0.slack", "U0000000C", [("opened", "first is U0000000A → U0000000C on slack")]),
        ("people.0.slack", ..., [("closed", "first is U0000000A → nothing on slack")]),
        ("roles.operator.commands", ["*"], [("opened", f"{WAS} → * in local")]),
        ("roles.operator.commands", ["deploy *"], [("closed", f"{WAS} → deploy * in local")]),
        ("roles.operator.commands", ["agent *", "deploy *"],
         [("changed", f"{WAS} → agent *, deploy * in local")]),
        ("roles.operator.environments", [], [("opened", f"{WAS} → deploy *, agent * in all")]),
        ("roles.reader.environments", ["local"],
         [("closed", "role reader: agent status in all → agent status in local")]),
        ("roles.more", ROLE, [("opened", "role more: nothing → deploy *, agent * in local")]),
        ("confirm", {"deploy *": "other", "deploy lock": "none"},
         [("opened", "/deploy lock is confirmed by other → none")]),
        ("confirm", {"deploy *": "other", "drift": "other"}, [("closed", "/drift is confirmed by self → other")]),
        ("caps.lockMinutes", 500, [("opened", "a lock lasts at most 480 → 500 min")]),
        ("slack", ..., [("closed", "no commands come from slack any more, and no alerts go there")]),
        ("onCall", ["first", "second"], [("opened", "may always roll back: second")]),
    ],
)  # fmt: skip
def test_a_change_says_who_may_do_more(field: str, after: Any, expected: list[tuple[str, str]], edit: Edit) -> None:
    changes = diff(edit({f"chats.chat.{field}": after}), edit({}))
    assert [(change.code, change.text) for change in changes] == [
        (f"chat.{code}", f"chat chat: {text}") for code, text in expected
    ]


def test_a_permission_of_github_that_gets_a_role_opens(edit: Edit) -> None:
    door = {"repository": "acme/agents", "webhookSecret": "env:W", "token": "env:T"}
    connected = edit({"chats.chat.github": door})
    assert [change.code for change in diff(connected, edit({}))] == ["chat.opened"]
    wider = edit({"chats.chat.github": {**door, "roles": {"write": "operator"}}})
    assert [(change.code, change.text) for change in diff(wider, connected)] == [
        ("chat.opened", "chat chat: logins with write have the role nothing → operator")
    ]


def test_people_who_come_and_go_are_told_by_name(edit: Edit) -> None:
    third = {"name": "third", "slack": "U0000000C"}
    people = [{"name": "first", "slack": "U0000000A", "roles": ["operator"]}, third]
    changes = diff(edit({"chats.chat.people": people}), edit({}))
    assert sorted((change.code, change.text) for change in changes) == [
        ("chat.closed", "chat chat: second may no longer speak"),
        ("chat.opened", "chat chat: third may speak, as nobody in particular"),
    ]
