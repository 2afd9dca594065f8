"""Faults on demand, seen through the official client and plain HTTP."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    InternalServerError,
    OpenAI,
    RateLimitError,
)

from mooring.simulator.faults import FAULTS, Board, Call

OPENAI, CLAUDE, LOCAL = "gpt-4.1-2025-04-14", "claude-sonnet-4-5-20250929", "qwen2.5:3b-instruct-q4_K_M"
Put = Callable[..., Any]


@pytest.fixture
def put(url: str) -> Put:
    def send(*faults: dict[str, Any]) -> Any:
        response = httpx2.put(f"{url}/faults", json=list(faults) if len(faults) != 1 else faults[0])
        assert response.status_code == 200, response.text
        return response.json()["faults"]

    return send


def ask(client: OpenAI, model: str = OPENAI) -> str:
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}])
    return answer.choices[0].message.content or ""


def test_a_status_is_answered_and_counted(client: OpenAI, put: Put, url: str) -> None:
    put({"kind": "status", "status": 503, "count": 2})
    for _ in range(2):
        with pytest.raises(InternalServerError):
            ask(client)
    assert ask(client)
    assert httpx2.get(f"{url}/faults").json()["faults"][0]["hits"] == 2
    put({"kind": "status", "status": 401})
    with pytest.raises(AuthenticationError):
        ask(client)


def test_a_rate_limit_says_when_to_come_back(client: OpenAI, put: Put) -> None:
    put({"kind": "retry-after", "seconds": 3})
    with pytest.raises(RateLimitError) as caught:
        ask(client)
    assert caught.value.response.headers["retry-after"] == "3"


def test_latency_delays_and_then_answers(client: OpenAI, put: Put) -> None:
    put({"kind": "latency", "seconds": 0.3})
    started = time.perf_counter()
    assert ask(client)
    assert time.perf_counter() - started >= 0.3


def test_a_hanging_endpoint_never_answers(client: OpenAI, put: Put) -> None:
    put({"kind": "hang"})
    with pytest.raises(APITimeoutError):
        ask(client.with_options(timeout=0.3))


def test_a_cut_breaks_answers_and_streams(client: OpenAI, put: Put) -> None:
    put({"kind": "cut-stream"})
    with pytest.raises(APIConnectionError):
        ask(client)
    stream = client.chat.completions.create(model=OPENAI, messages=[{"role": "user", "content": "Hi"}], stream=True)
    seen = []
    with pytest.raises((httpx2.RemoteProtocolError, APIError)):
        seen += list(stream)  # the part before the cut arrives
    put()
    assert ask(client)


def test_bodies_come_empty_malformed_or_wrong(client: OpenAI, put: Put) -> None:
    put({"kind": "empty"})
    assert ask(client) == ""
    put({"kind": "wrong-content", "content": "Buy gold."})
    assert ask(client) == "Buy gold."
    put({"kind": "malformed"})
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        ask(client)


def test_a_fault_hits_whom_it_names(client: OpenAI, put: Put, url: str) -> None:
    put({"kind": "status", "provider": "openai"}, {"kind": "status", "model": "^qwen", "status": 500})
    with pytest.raises(InternalServerError):
        ask(client)
    with pytest.raises(InternalServerError):
        ask(client, LOCAL)
    assert ask(client, CLAUDE)
    assert httpx2.get(f"{url}/services/shop/refunds").status_code == 200
    put({"kind": "status", "service": "shop"})
    assert httpx2.get(f"{url}/services/shop/refunds").status_code == 503
    assert httpx2.get(f"{url}/services/oncall/deployments?service=search").status_code == 200
    assert ask(client)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"kind": "empty"}, lambda answer: answer.content == b""),
        ({"kind": "malformed"}, lambda answer: answer.content.startswith(b"{")),
        ({"kind": "wrong-content"}, lambda answer: "unexpected" in answer.json()),
        ({"kind": "retry-after", "seconds": 2}, lambda answer: answer.headers["retry-after"] == "2"),
        ({"kind": "latency", "seconds": 0.1}, lambda answer: answer.json()["refunds"]),
    ],
)
def test_services_break_the_same_ways(put: Put, url: str, fault: Any, check: Callable[[Any], bool]) -> None:
    put({"service": "shop"} | fault)
    assert check(httpx2.get(f"{url}/services/shop/refunds"))


def test_a_service_can_cut_and_hang(put: Put, url: str) -> None:
    put({"service": "shop", "kind": "cut-stream"})
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{url}/services/shop/refunds")
    put({"service": "shop", "kind": "hang"})
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(f"{url}/services/shop/refunds", timeout=0.3)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explode"},
        {"kind": "status", "status": 200},
        {"kind": "status", "rate": 2},
        {"kind": "status", "typo": 1},
        {"kind": "status", "model": "("},
        {"kind": "status", "model": "x", "service": "shop"},
    ],
)
def test_a_wrong_fault_is_refused_and_changes_nothing(put: Put, url: str, fault: dict[str, Any]) -> None:
    before = put({"kind": "latency", "seconds": 0})
    assert httpx2.put(f"{url}/faults", json=fault).status_code == 422
    assert httpx2.get(f"{url}/faults").json()["faults"] == before


def test_deleting_ends_all_faults(put: Put, url: str, client: OpenAI) -> None:
    put({"kind": "status"})
    assert httpx2.delete(f"{url}/faults").json() == {"faults": []}
    assert ask(client)


def test_chance_follows_the_seed() -> None:
    def strikes(seed: int) -> list[bool]:
        board = Board()
        board.replace(FAULTS.validate_python({"kind": "status", "rate": 0.3, "seed": seed}))
        return [board.draw(Call(OPENAI, "openai")) is not None for _ in range(200)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 30 < sum(strikes(1)) < 90


def test_a_fault_can_be_added_to_those_that_are_on(put: Put, url: str) -> None:
    put({"kind": "hang", "count": 2})
    answer = httpx2.post(f"{url}/faults", json={"kind": "empty", "provider": "openai"})
    assert [fault["kind"] for fault in answer.json()["faults"]] == ["hang", "empty"]
    assert httpx2.post(f"{url}/faults", json={"kind": "nonsense"}).status_code == 422


def test_a_fault_ends_after_its_time() -> None:
    now = 100.0
    board = Board(clock=lambda: now)
    board.add(FAULTS.validate_python({"kind": "hang", "forSeconds": 30}))
    now = 129.0
    assert board.data()[0]["ends_in"] == 1
    assert board.draw(Call("gpt", "openai")) is not None
    now = 130.0
    assert board.draw(Call("gpt", "openai")) is None
    assert board.data() == []
