"""Responses of agents with checkpoints: found, cancelled and deleted in the other slot, and after a kill."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def made(slot: Any, message: str, **more: Any) -> Any:
    answer = slot.http.post("/v1/responses", json={"model": "support", "input": message} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(slot: Any, response: str) -> Any:
    return slot.http.get(f"/v1/responses/{response}").json()


def ended(slot: Any, response: str, until: Any) -> Any:
    return until(lambda: (seen := found(slot, response))["status"] not in ("queued", "in_progress") and seen)


def test_a_response_is_finished_by_the_other_slot_and_gone_on_from(
    fleet: Any, make_release: Any, provider: Any, database: str | None, until: Any
) -> None:
    release = make_release(database is not None)
    blue, green = (fleet.slot(slot, release=release, database=database) for slot in ("blue", "green"))
    provider.charge_delay = 0.3
    begun = made(blue, "kill", background=True, metadata={"a": "b"})
    until(lambda: provider.models)
    blue.kill()
    whole = ended(green, begun["id"], until)
    assert (whole["status"], whole["output"][0]["content"][0]["text"]) == ("completed", "kill: all is done")
    assert (whole["metadata"], whole["background"]) == ({"a": "b"}, True)
    again = made(green, "on", previous_response_id=begun["id"])
    assert again["previous_response_id"] == begun["id"]
    assert provider.charged("kill") == 6


def test_a_response_is_cancelled_from_the_other_slot(
    fleet: Any, make_release: Any, provider: Any, database: str | None, until: Any
) -> None:
    release = make_release(database is not None)
    blue, green = (fleet.slot(slot, release=release, database=database) for slot in ("blue", "green"))
    provider.charge_delay = 0.5
    begun = made(blue, "stop", background=True)
    until(lambda: found(green, begun["id"]).get("status") == "in_progress")
    cancelled = green.http.post(f"/v1/responses/{begun['id']}/cancel").json()
    assert (cancelled["status"], cancelled["error"]) == ("cancelled", None)
    until(lambda: found(blue, begun["id"])["status"] == "cancelled")
    assert found(green, begun["id"])["status"] == "cancelled"
    assert not provider.asked("stop").get(2), "it went on until its end"


def test_a_response_is_cancelled_where_it_is_made(fleet: Any, make_release: Any, provider: Any, until: Any) -> None:
    blue = fleet.slot("blue", release=make_release())
    provider.charge_delay = 0.5
    begun = made(blue, "here", background=True)
    assert blue.http.post(f"/v1/responses/{begun['id']}/cancel").json()["status"] == "cancelled"
    green = fleet.slot("green", release=make_release())
    assert found(green, begun["id"])["status"] == "cancelled"


def test_a_deleted_response_is_gone_from_both_slots(
    fleet: Any, make_release: Any, database: str | None, until: Any
) -> None:
    release = make_release(database is not None)
    blue, green = (fleet.slot(slot, release=release, database=database) for slot in ("blue", "green"))
    response = made(blue, "gone")["id"]
    until(lambda: found(green, response)["status"] == "completed")
    assert green.http.delete(f"/v1/responses/{response}").json()["deleted"]
    assert [slot.http.get(f"/v1/responses/{response}").status_code for slot in (blue, green)] == [404, 404]


@pytest.mark.parametrize("stream", [False, True])
def test_a_key_gives_the_same_run_in_the_other_slot_and_after_a_kill(
    fleet: Any, make_release: Any, provider: Any, database: str | None, stream: bool
) -> None:
    release, key = make_release(database is not None), {"idempotency-key": "order 7"}
    blue, green = (fleet.slot(slot, release=release, database=database) for slot in ("blue", "green"))
    body = {"model": "support", "stream": stream, "messages": [{"role": "user", "content": "once"}]}
    answers = [slot.http.post("/v1/chat/completions", json=body, headers=key) for slot in (blue, green, blue)]
    blue.kill()
    answers.append(green.http.post("/v1/chat/completions", json=body, headers=key))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-mooring-run"] for answer in answers}) == 1
    assert ["idempotent-replayed" in answer.headers for answer in answers] == [False, True, True, True]
    assert provider.charged("once") == 6
    assert set(provider.asked("once").values()) == {1}


def test_a_key_is_kept_by_a_run_that_another_process_finishes(
    fleet: Any, make_release: Any, provider: Any, until: Any
) -> None:
    blue, green = (fleet.slot(slot, release=make_release()) for slot in ("blue", "green"))
    provider.charge_delay = 0.3
    key = {"idempotency-key": "k"}
    body = {"model": "support", "input": "crash", "background": True}
    begun = blue.http.post("/v1/responses", json=body, headers=key).json()
    until(lambda: provider.models)
    blue.kill()
    again = green.http.post("/v1/responses", json=body, headers=key)
    assert again.json()["id"] == begun["id"]
    assert ended(green, begun["id"], until)["status"] == "completed"
    assert provider.charged("crash") == 6
