"""A run that waits for a person waits through kills and changes of colour, and is decided on once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def release(make_release: Any) -> Any:
    """Refunds need approval."""
    return make_release(approval="human")


def waiting(slot: Any, about: str) -> str:
    run: str = slot.start(about)
    seen = slot.ended(run)
    assert seen["status"] == "awaiting-approval"
    assert [call["tool"] for call in seen["approvals"]] == ["refund_order"] * 2
    return run


def decide(slot: Any, run: str, verdict: str = "approve") -> Any:
    return slot.http.post(f"/runs/{run}/{verdict}")


def test_an_approval_outlives_the_process_and_is_given_in_the_other_slot(
    fleet: Any, make_release: Any, provider: Any, database: str | None
) -> None:
    release = make_release(database is not None, approval="human")
    blue = fleet.slot("blue", release=release, database=database)
    run = waiting(blue, "approved")
    blue.kill()
    green = fleet.slot("green", release=release, database=database)
    assert not provider.effects
    assert decide(green, run).status_code == 202
    again = green.ended(run)
    assert (again["status"], [call["tool"] for call in again["approvals"]]) == ("awaiting-approval", ["refund_order"])
    answer = decide(green, run)
    assert answer.status_code == 202, (answer.text, again, green.run(run))
    ended = green.ended(run)
    assert (ended["status"], ended["answer"], ended["part"]) == ("done", "approved: all is done", 2)
    assert provider.charged("approved") == 6
    assert set(provider.asked("approved").values()) == {1}


@pytest.mark.parametrize("point", range(1, 4))
def test_a_decision_holds_when_the_slot_dies_over_it(fleet: Any, release: Any, provider: Any, point: int) -> None:
    """One step before the pause; then each point of the first call that was approved."""
    blue = fleet.slot("blue", release=release, die=3 + point, adopts=False)
    run = waiting(blue, "decided")
    assert decide(blue, run).status_code == 202
    green = fleet.slot("green", release=release)
    assert green.ended(run)["status"] == "awaiting-approval"
    assert blue.dead
    decide(green, run)
    assert green.ended(run)["status"] == "done"
    assert provider.charged("decided") == 6
    assert set(provider.asked("decided").values()) == {1}


def test_a_run_that_waits_is_decided_on_once(fleet: Any, release: Any, provider: Any) -> None:
    blue, green = fleet.slot("blue", release=release), fleet.slot("green", release=release)
    run = waiting(blue, "once")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda slot: decide(slot, run), [blue, green] * 2))
    accepted = [answer.json()["part"] for answer in answers if answer.status_code == 202]
    refused = {answer.json()["error"]["code"] for answer in answers if answer.status_code != 202}
    # Who asks late may find that the run waits again, for its next call: that is another decision.
    assert accepted
    assert sorted(accepted) == list(range(1, len(accepted) + 1))
    assert refused == {"run_not_waiting"}
    blue.ended(run)
    assert provider.charged("once") == 3 * len(accepted)


def test_a_denied_call_is_not_made(fleet: Any, release: Any, provider: Any) -> None:
    blue = fleet.slot("blue", release=release)
    run = waiting(blue, "denied")
    decide(blue, run, "deny")
    assert blue.ended(run)["status"] == "awaiting-approval"
    decide(blue, run, "deny")
    assert blue.ended(run)["status"] == "done"
    assert not provider.effects


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_chat_that_waits_can_be_approved_later(fleet: Any, release: Any, provider: Any, stream: bool) -> None:
    blue = fleet.slot("blue", release=release)
    answer = blue.chat("chatted", stream=stream)
    assert "Waiting for a person" in answer.text
    run = answer.headers["x-mooring-run"]
    assert decide(blue, run).status_code == 202
    assert blue.ended(run)["status"] == "awaiting-approval"
    assert decide(blue, run).status_code == 202
    assert (blue.ended(run)["status"], provider.charged("chatted")) == ("done", 6)
