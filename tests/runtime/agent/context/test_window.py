"""Requests that are too long for a model, over real sockets."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mooring.release.release import Release
from mooring.runtime.agent.context.tokens import START, Tokens
from tests.runtime.hosting import Serving
from tests.runtime.stub import Reply, Stub

Serve = Callable[..., Serving]
Build = Callable[..., Release]

TOO_LONG = {"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}
WINDOW = 8000


def talk(turns: int, size: int = 1500) -> list[dict[str, str]]:
    """A conversation as a client sends it: `size` characters a message."""
    messages = []
    for turn in range(turns):
        messages.append({"role": "user", "content": f"question {turn} " + "q" * size})
        messages.append({"role": "assistant", "content": f"answer {turn} " + "a" * size})
    return [*messages, {"role": "user", "content": "and now?"}]


def sent(stub: Stub, model: str, number: int = -1) -> list[str]:
    """The first two words of every message that a model was sent."""
    return [" ".join(str(message["content"]).split()[:2]) for message in stub.asked(model)[number]["messages"]]


def tokens(stub: Stub, model: str, number: int = -1) -> float:
    return len(json.dumps(stub.asked(model)[number]["messages"])) / START


def metric(serving: Serving, name: str, **labels: str) -> float:
    return serving.runtime.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_outgrows_the_window_is_trimmed_and_answered(
    serve: Serve, stub: Stub, stream: bool
) -> None:
    serving = serve()
    answer = serving.http.post(
        "/v1/chat/completions", json={"model": "support", "messages": talk(15), "stream": stream}
    )

    assert answer.status_code == 200
    assert answer.headers["x-mooring-rung"] == "L0"
    said = sent(stub, "primary-1")
    assert said[:2] == ["You serve", "question 0"]
    assert said[-1] == "Customer: and"
    assert "answer 14" in said
    assert "answer 1" not in said
    assert any("earlier messages are left out" in str(m["content"]) for m in stub.asked("primary-1")[-1]["messages"])
    assert tokens(stub, "primary-1") < WINDOW
    labels = {"gen_ai_agent_name": "support", "gen_ai_request_model": "primary-1"}
    assert metric(serving, "mooring_context_trims_total", **labels, how="trimmed") == 1
    assert metric(serving, "mooring_context_ratio_sum", **labels) > 1


def test_a_warning_is_logged_before_anything_is_left_out(
    serve: Serve, stub: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    answer = serve().http.post("/v1/chat/completions", json={"model": "support", "messages": talk(7)})

    assert answer.status_code == 200
    assert len(sent(stub, "primary-1")) == 16
    warning = next(record for record in caplog.records if record.message == "context nearly full")
    assert 0.85 <= vars(warning)["ratio"] <= 1


def test_each_rung_gets_what_its_own_window_holds(serve: Serve, stub: Stub, build: Build) -> None:
    content = build().content.model_dump(mode="json", by_alias=True)
    content["models"]["primary"]["contextWindow"] = 100_000
    release = Release.of(type(build().content).model_validate(content))
    stub.script("primary-1", Reply(status=401))
    answer = serve(release).http.post("/v1/chat/completions", json={"model": "support", "messages": talk(15)})

    assert answer.headers["x-mooring-rung"] == "L1"
    assert len(sent(stub, "primary-1")) == 32
    assert len(sent(stub, "alternate-1")) < 32


@pytest.mark.parametrize("stream", [False, True])
def test_an_endpoint_that_finds_it_too_long_is_asked_again_with_half(serve: Serve, stub: Stub, stream: bool) -> None:
    serving = serve()
    stub.script("primary-1", Reply(status=400, body=TOO_LONG), Reply("short enough"))
    answer = serving.http.post("/v1/chat/completions", json={"model": "support", "messages": talk(6), "stream": stream})

    assert answer.headers["x-mooring-rung"] == "L0"
    assert "short enough" in answer.text.replace('"}', "") or "short" in answer.text
    assert len(stub.asked("primary-1")) == 2
    assert tokens(stub, "primary-1", 1) <= tokens(stub, "primary-1", 0) / 2
    labels = {"gen_ai_agent_name": "support", "gen_ai_request_model": "primary-1"}
    assert metric(serving, "mooring_context_trims_total", **labels, how="rescued") == 1


def test_what_is_still_too_long_goes_to_the_next_rung(serve: Serve, stub: Stub) -> None:
    stub.script("primary-1", Reply(status=400, body=TOO_LONG))
    answer = serve().http.post("/v1/chat/completions", json={"model": "support", "messages": talk(6)})

    assert answer.headers["x-mooring-rung"] == "L1"
    assert len(stub.asked("primary-1")) == 2
    assert len(stub.asked("alternate-1")) == 1


def test_the_middle_is_told_by_the_cheap_model_and_marked_so(serve: Serve, stub: Stub) -> None:
    stub.script("small-1", Reply("They talked of questions."))
    profile = {"strategy": "summarise-middle", "summaryModel": "small", "keepRecentTurns": 2}
    serving = serve(context=profile)
    for extra in (0, 1):
        serving.http.post("/v1/chat/completions", json={"model": "support", "messages": talk(15 + extra)})

    said: list[dict[str, Any]] = stub.asked("primary-1")[0]["messages"]
    note = next(message for message in said if "summary" in message["content"])
    assert note["role"] == "user"
    assert note["content"].endswith("They talked of questions.")
    assert "question 1 " in stub.asked("small-1")[0]["messages"][-1]["content"]
    again = stub.asked("small-1")[1]["messages"][-1]["content"]
    assert "They talked of questions." in again
    assert "question 1 " not in again


@pytest.mark.parametrize("broken", [Reply(status=500), Reply("late", delay=3), Reply("")])
def test_without_a_summary_the_middle_is_trimmed(serve: Serve, stub: Stub, broken: Reply) -> None:
    stub.script("small-1", broken)
    profile = {"strategy": "summarise-middle", "summaryModel": "small"}
    answer = serve(context=profile).http.post("/v1/chat/completions", json={"model": "support", "messages": talk(15)})

    assert answer.headers["x-mooring-rung"] == "L0"
    assert answer.json()["choices"][0]["message"]["content"] == "hello"


def test_tokens_are_believed_sooner_when_there_are_more_of_them() -> None:
    tokens = Tokens()
    tokens.learn("m", 100, 1000)
    assert tokens.ratio("m") == START
    tokens.learn("m", 10_000, 5_000)
    assert tokens.ratio("m") == 2.0
    tokens.learn("m", 10_000, 2_500)
    assert tokens.ratio("m") == pytest.approx(2.2)
    tokens.refused("m", 8000, 8000)
    assert tokens.ratio("m") == 1.0
    assert tokens.ratio("other") == START
