"""The ladder with a real model at its lowest rung: what the simulator cannot show."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local_model.conftest import CONTEXT, Machine, ServeOn
from tests.runtime.hosting import Serving, rung_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CAPITAL = "What is the capital of France?"
STORY = "Tell me a very long story about a ship, a storm and a lighthouse."


def ask(serving: Serving, text: str, **more: Any) -> Any:
    return serving.chat(text, agent="page", **more)


def pieces(answer: Any) -> Iterator[dict[str, Any]]:
    """The chunks of a stream, as they come."""
    for line in answer.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk.get("choices"))


def open_breakers(serving: Serving) -> str:
    """What readiness says of breakers."""
    told = serving.http.get("/readyz?verbose").text
    return next((line for line in told.splitlines() if "breakers are open" in line), "")


def test_with_both_vendors_down_the_real_model_answers(loaded: Machine, serve_on: ServeOn) -> None:
    answer = ask(serve_on(loaded), CAPITAL)
    assert (answer.status_code, rung_of(answer)) == (200, "L2")
    assert "Paris" in answer.json()["choices"][0]["message"]["content"]
    assert answer.json()["usage"]["completion_tokens"] > 0


def test_and_it_streams_word_by_word(loaded: Machine, serve_on: ServeOn) -> None:
    body = {"model": "page", "stream": True, "messages": [{"role": "user", "content": CAPITAL}]}
    with serve_on(loaded).http.stream("POST", "/v1/chat/completions", json=body) as answer:
        chunks = list(pieces(answer))
    assert rung_of(answer) == "L2"
    assert "Paris" in text_of(chunks)
    assert sum(bool(chunk["choices"][0]["delta"].get("content")) for chunk in chunks if chunk["choices"]) > 3
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]][-1] == "stop"


def talk(turns: int) -> list[dict[str, str]]:
    """A conversation of about 60 tokens a turn, which ends with a question that needs none of it."""
    said = "My order has a tent, a lamp, two ropes and a stove, and I wonder whether the tent is large enough. " * 2
    turn = [{"role": "user", "content": said}, {"role": "assistant", "content": "It is large enough for three."}]
    return [*turn * turns, {"role": "user", "content": CAPITAL}]


def test_a_conversation_beyond_its_window_is_trimmed_and_answered(loaded: Machine, serve_on: ServeOn) -> None:
    answer = serve_on(loaded).http.post("/v1/chat/completions", json={"model": "page", "messages": talk(40)})
    assert (answer.status_code, rung_of(answer)) == (200, "L2")
    assert 300 < answer.json()["usage"]["prompt_tokens"] < CONTEXT


def test_a_window_smaller_than_the_document_says_is_noticed_and_kept_to(loaded: Machine, serve_on: ServeOn) -> None:
    """Somebody else's server, started with less: its refusal is no fault of the client, and the talk goes on."""
    serving = serve_on(loaded, contextWindow=16_000)
    answer = serving.http.post("/v1/chat/completions", json={"model": "page", "messages": talk(25)})
    assert (answer.status_code, rung_of(answer)) == (200, "L2")
    assert "small" not in open_breakers(serving)


def test_one_message_beyond_every_window_gets_a_prepared_answer_and_opens_no_breaker(
    loaded: Machine, serve_on: ServeOn
) -> None:
    serving = serve_on(loaded)
    for _ in range(4):
        answer = ask(serving, "lighthouse " * 1500)
        assert (answer.status_code, rung_of(answer)) == (200, "L4")
    assert "small" not in open_breakers(serving)
    assert rung_of(ask(serving, CAPITAL)) == "L2"


def test_a_full_queue_goes_to_the_next_rung_and_opens_no_breaker(loaded: Machine, serve_on: ServeOn) -> None:
    serving = serve_on(loaded, maxInFlight=1)
    body = {"model": "page", "stream": True, "messages": [{"role": "user", "content": STORY}]}
    with serving.http.stream("POST", "/v1/chat/completions", json=body) as first:
        stream = pieces(first)
        next(stream)
        refused = [rung_of(ask(serving, CAPITAL)) for _ in range(6)]
        rest = list(stream)
    assert refused == ["L4"] * 6
    assert "small" not in open_breakers(serving)
    assert len(text_of(rest)) > 20, "whoever was first is not disturbed"
    assert rung_of(ask(serving, CAPITAL)) == "L2"


@pytest.fixture
def mortal(engine: Path, tmp_path: Path) -> Iterator[Machine]:
    """A model that may be killed."""
    machine = Machine(tmp_path).start()
    yield machine
    machine.servers.stop()


def test_killed_in_mid_stream_its_stream_ends_as_broken_and_the_next_request_is_answered(
    mortal: Machine, serve_on: ServeOn
) -> None:
    serving = serve_on(mortal)
    body = {"model": "page", "stream": True, "messages": [{"role": "user", "content": STORY}]}
    with serving.http.stream("POST", "/v1/chat/completions", json=body) as answer:
        stream = pieces(answer)
        began = [next(stream), next(stream)]  # the role, and a first sentence
        killed = mortal.told["pid"]
        os.kill(killed, signal.SIGKILL)
        rest = list(stream)
    assert text_of(began)
    facts = [chunk for chunk in rest if chunk["choices"]][-1]["mooring"]
    assert (facts["rung"], facts["rescued"]) == ("L4", 1), "the client learns who ended its answer"
    assert text_of(rest).endswith("Sorry.")
    end = time.monotonic() + 60
    while mortal.told["pid"] in (killed, None):
        mortal.keep()
        assert time.monotonic() < end
        time.sleep(0.1)
    mortal.start()
    again = ask(serving, CAPITAL)
    assert rung_of(again) == "L2"
    assert "Paris" in again.json()["choices"][0]["message"]["content"]
