"""A client whose connection dies with the slot, and one that hangs up."""

import json
from typing import Any

import httpx2
import pytest

pytestmark = pytest.mark.slow


def opened(slot: Any, about: str) -> tuple[httpx2.Client, httpx2.Response, str]:
    """A stream that has begun: its client, the response and the run's name."""
    body = {"model": "support", "messages": [{"role": "user", "content": about}], "stream": True}
    client = httpx2.Client(timeout=10)
    request = client.build_request("POST", f"{slot.http.base_url}/v1/chat/completions", json=body)
    response = client.send(request, stream=True)
    assert response.status_code == 200
    return client, response, response.headers["x-mooring-run"]


def text(response: httpx2.Response) -> str:
    said = ""
    for line in response.iter_lines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:])["choices"]:
                said += choice["delta"].get("content") or ""
    return said


@pytest.fixture
def talkative(provider: Any) -> Any:
    """Says its answer at once, slowly."""
    provider.stages = []
    provider.delay = 0.25
    return provider


def test_a_streamed_run_whose_slot_is_killed_can_be_read_afterwards(fleet: Any, talkative: Any) -> None:
    green, blue = fleet.slot("green"), fleet.slot("blue")
    client, response, run = opened(blue, "streamed")
    blue.kill()
    with pytest.raises(httpx2.HTTPError):
        text(response)
    client.close()
    ended = green.ended(run)
    assert (ended["status"], ended["answer"].strip()) == ("done", "streamed: all is done")
    assert (ended["slot"], ended["resumed"]) == ("green", 1)


def test_a_run_whose_client_hangs_up_is_cancelled_for_good(fleet: Any, talkative: Any) -> None:
    blue = fleet.slot("blue")
    client, _, run = opened(blue, "cancelled")
    client.close()
    ended = blue.ended(run)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "run_cancelled")
    blue.kill()
    assert fleet.slot("green").ended(run)["error"]["code"] == "run_cancelled"
    assert talkative.asked("cancelled") == {0: 1}


def test_a_run_goes_on_without_its_client_where_the_profile_says_so(
    fleet: Any, talkative: Any, make_release: Any
) -> None:
    blue = fleet.slot("blue", release=make_release(onDisconnect="finish"))
    client, _, run = opened(blue, "finished")
    client.close()
    ended = blue.ended(run)
    assert (ended["status"], ended["answer"].strip()) == ("done", "finished: all is done")
    assert talkative.asked("finished") == {0: 1}


def test_a_run_without_its_client_survives_a_kill(fleet: Any, talkative: Any, make_release: Any) -> None:
    release = make_release(onDisconnect="finish")
    green, blue = fleet.slot("green", release=release), fleet.slot("blue", release=release)
    client, _, run = opened(blue, "twice")
    client.close()
    blue.kill()
    assert green.ended(run)["status"] == "done"
