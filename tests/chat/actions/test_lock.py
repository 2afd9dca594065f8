"""Locks by chat, and what is told of deployments."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.chat.answer import Stage
from mooring.errors import Refused, UsageError
from mooring.release.release import Release
from mooring.spec.chat import Chat
from tests.chat.actions.conftest import facts

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


def test_a_lock_keeps_deployments_out_says_so_everywhere_and_is_ended_by_somebody_else(
    room: Any, release: Make
) -> None:
    asked = room.asked("deploy lock", minutes="30", reason="the fair")
    assert asked.answer.title == "Lock local against deployments for 30 min?"
    answer = room.said("deploy lock", minutes="30", reason="the fair")
    assert (answer.stage, answer.title) == (Stage.DONE, "local is locked against deployments")
    assert facts(answer)["Who"] == "alice@slack"
    assert facts(answer)["To unlock"] == "/deploy unlock in local"
    with pytest.raises(Refused, match=r"locked against deployments by alice@slack until .*: the fair"):
        room.deploy(release("five"), "Too early")
    assert "by alice@slack until" in facts(room.said("deploy status"))["Lock"]
    assert room.asked("deploy lock", minutes="30").digest != asked.digest

    unlock = room.asked("deploy unlock", "zh-CN", person="bob")
    assert unlock.answer.title == "解除 local 的部署锁定？"
    assert room.said("deploy unlock", person="bob").title == "Deployments to local are let in again"
    assert room.said("deploy unlock", "zh-CN").title == "local 未锁定"
    assert room.asked("deploy unlock").digest != unlock.digest
    room.deploy(release("six"), "In time")


def test_a_lock_lasts_as_long_as_the_document_allows_at_most(room: Any) -> None:
    room.document = Chat.model_validate(
        {
            "apiVersion": "mooring/v1",
            "kind": "Chat",
            "name": "chat",
            "version": "1.0.0",
            "description": "Chat.",
            "owner": "@acme/platform",
            "caps": {"lockMinutes": 45},
        }
    )
    try:
        with pytest.raises(UsageError, match="46 minutes are too long: 45 at most"):
            room.asked("deploy lock", minutes="46")
        assert "45 min" in room.asked("deploy lock").answer.title
    finally:
        room.document = None


def test_the_status_and_the_reason_of_a_deployment_name_release_person_plan_and_requests(
    room: Any, release: Make
) -> None:
    before = room.house.local.live().digest
    room.deploy(release("seven"), "Shorter answers")
    status = room.said("deploy status")
    digest = release("seven").digest
    assert status.title == f"local: {digest[7:19]} (Shorter answers) is live"
    told = facts(status)
    assert (told["Who"], told["Plan"], told["Rollout"]) == ("ann", "d" * 12, "idle")
    assert told["A rollback goes to"].startswith(before[7:19])
    why = room.said("deploy why")
    assert why.title == "local: the last deployment is done"
    assert facts(why)["To"] == f"{digest[7:19]} (Shorter answers)"
    assert facts(why)["Requests"].startswith("0 of ")
    assert why.table[0] == ("When", "What", "Release", "Who", "Outcome")
    assert why.table[1][1:] == ("deployment", digest[7:19], "ann", "is done")
    room.said("deploy rollback", person="bob")
    again = room.said("deploy why", "zh-CN")
    assert again.title == "local：最近一次回滚已完成"
    assert facts(room.said("deploy status"))["Quarantined"] == f"{digest[7:19]} (Shorter answers)"
