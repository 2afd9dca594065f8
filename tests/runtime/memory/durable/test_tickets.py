"""A question that only got an apology is asked again later, and its answer fetched by the ticket."""

from typing import Any

import pytest


def apology(slot: Any, about: str, **more: Any) -> tuple[str, str]:
    """A ticket, and the run that gave it out."""
    answer = slot.chat(about, **more)
    assert answer.status_code == 200
    assert "L4" in (answer.headers.get("x-mooring-rung"), answer.headers.get("x-mooring-first-rung"))
    ticket: str = answer.headers["x-mooring-ticket"]
    assert ticket in answer.text
    return ticket, answer.headers["x-mooring-run"]


def shown(slot: Any, ticket: str) -> dict[str, Any]:
    data: dict[str, Any] = slot.http.get(f"/tickets/{ticket}").json()
    return data


def waiting(slot: Any) -> float:
    """The open tickets, as the metrics say."""
    [line] = [line for line in slot.http.get("/metrics").text.splitlines() if line.startswith("mooring_queue_depth ")]
    return float(line.split()[1])


@pytest.mark.slow
def test_open_tickets_are_counted_when_somebody_asks(fleet: Any, provider: Any, until: Any) -> None:
    slot = fleet.slot()
    assert waiting(slot) == 0
    provider.down = True
    first, _ = apology(slot, "one")
    assert waiting(slot) == 1
    second, _ = apology(slot, "two")
    assert waiting(slot) == 2
    provider.down = False
    until(lambda: {shown(slot, ticket)["status"] for ticket in (first, second)} == {"done"})
    assert waiting(slot) == 0


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_an_apology_carries_a_ticket_and_the_answer_comes_later(
    fleet: Any, provider: Any, until: Any, stream: bool
) -> None:
    slot = fleet.slot()
    provider.down = True
    ticket, run = apology(slot, "later", stream=stream)
    assert shown(slot, ticket)["status"] == "queued"
    assert slot.ended(run)["ticket"] == ticket
    provider.down = False
    until(lambda: shown(slot, ticket)["status"] == "done")
    done = shown(slot, ticket)
    assert (done["answer"], done["rung"]) == ("later: all is done", "L0")
    assert provider.charged("later") == 6


@pytest.mark.slow
def test_an_answer_comes_from_the_other_slot_when_the_first_was_killed(
    fleet: Any, provider: Any, until: Any, database: str | None
) -> None:
    blue = fleet.slot("blue", database=database, adopts=False)
    provider.down = True
    ticket, _ = apology(blue, "killed")
    blue.kill()
    provider.down = False
    green = fleet.slot("green", database=database)
    until(lambda: shown(green, ticket)["status"] == "done")
    assert shown(green, ticket)["answer"] == "killed: all is done"
    assert provider.charged("killed") == 6


@pytest.mark.slow
def test_it_is_asked_as_often_as_the_profile_says_and_then_given_up(fleet: Any, provider: Any, until: Any) -> None:
    slot = fleet.slot()
    provider.down = True
    ticket, _ = apology(slot, "never")
    until(lambda: shown(slot, ticket)["status"] == "gave-up")
    ended = shown(slot, ticket)
    assert (ended["tries"], ended["answer"]) == (2, None)


@pytest.mark.slow
def test_a_run_that_reached_its_limit_is_not_asked_again(fleet: Any, provider: Any) -> None:
    slot = fleet.slot()
    provider.stages = [[1]] * 50
    run = slot.start("loops")
    ended = slot.ended(run)
    assert (ended["status"], ended["error"]["code"], ended["ticket"]) == ("failed", "run_limit_exceeded", None)
    assert slot.http.get(f"/tickets/{run.replace('run', 'ticket')}").status_code == 404


@pytest.mark.slow
def test_a_try_that_reaches_the_limit_is_the_last_one(fleet: Any, provider: Any, until: Any) -> None:
    slot = fleet.slot()
    provider.down = True
    ticket, _ = apology(slot, "loops")
    provider.stages, provider.down = [[1]] * 50, False
    until(lambda: shown(slot, ticket)["status"] == "gave-up")
    assert shown(slot, ticket)["tries"] == 1


@pytest.mark.slow
def test_the_answer_stands_in_the_conversation(fleet: Any, provider: Any, until: Any) -> None:
    slot = fleet.slot()
    provider.down = True
    ticket, _ = apology(slot, "spoken", metadata={"conversation": "talk-1"})
    provider.down = False
    until(lambda: shown(slot, ticket)["status"] == "done")
    talk = slot.http.get("/conversations/talk-1").text
    assert "spoken: all is done" in talk


def test_a_profile_without_a_queue_gives_no_ticket(fleet: Any, provider: Any, make_release: Any) -> None:
    rungs = {"L0": {"tries": 1}, "L1": {"tries": 1}, "L2": {"tries": 1}}
    ladder = {"rungs": rungs, "queue": {"enabled": False}, "lastGood": {"enabled": False}}
    slot = fleet.slot(release=make_release(ladder=ladder))
    provider.down = True
    answer = slot.chat("none")
    assert "L4" in (answer.headers.get("x-mooring-rung"), answer.headers.get("x-mooring-first-rung"))
    assert "x-mooring-ticket" not in answer.headers


def test_an_unknown_ticket_is_not_found(fleet: Any) -> None:
    slot = fleet.slot()
    run = slot.start("a run is no ticket")
    for name in ("ticket_0", run):
        answer = slot.http.get(f"/tickets/{name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ticket_not_found")
