"""Requests that are too long for a model, over real sockets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.requests import Request
from starlette.responses import Response

from mooring.release.release import Release
from mooring.runtime.agent.context.tokens import Tokens
from mooring.tokens import at_most
from tests.runtime.hosting import Serving, rung_of
from tests.runtime.stub import Reply, Stub

Serve = Callable[..., Serving]
Build = Callable[..., Release]

TOO_LONG = {"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}
WINDOW = 8000
SAMPLES = Path(__file__).parents[3] / "tokens" / "samples"


def talk(turns: int, size: int = 1500) -> list[dict[str, str]]:
    """A conversation as a client sends it: a quarter of `size` words a message, each a token."""
    messages = []
    for turn in range(turns):
        messages.append({"role": "user", "content": f"question {turn} " + "so " * (size // 4)})
        messages.append({"role": "assistant", "content": f"answer {turn} " + "as " * (size // 4)})
    return [*messages, {"role": "user", "content": "and now?"}]


def sent(stub: Stub, model: str, number: int = -1) -> list[str]:
    """The first two words of every message that a model was sent."""
    return [" ".join(str(message["content"]).split()[:2]) for message in stub.asked(model)[number]["messages"]]


def tokens(stub: Stub, model: str, number: int = -1) -> float:
    return sum(at_most(str(message["content"])) for message in stub.asked(model)[number]["messages"])


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
    assert rung_of(answer) == "L0"
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
    answer = serve().http.post("/v1/chat/completions", json={"model": "support", "messages": talk(7, 1650)})

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

    assert rung_of(answer) == "L1"
    assert len(sent(stub, "primary-1")) == 32
    assert len(sent(stub, "alternate-1")) < 32


@pytest.mark.parametrize("stream", [False, True])
def test_an_endpoint_that_finds_it_too_long_is_asked_again_with_half(serve: Serve, stub: Stub, stream: bool) -> None:
    serving = serve()
    stub.script("primary-1", Reply(status=400, body=TOO_LONG), Reply("short enough"))
    answer = serving.http.post("/v1/chat/completions", json={"model": "support", "messages": talk(6), "stream": stream})

    assert rung_of(answer) == "L0"
    assert "short enough" in answer.text.replace('"}', "") or "short" in answer.text
    assert len(stub.asked("primary-1")) == 2
    assert tokens(stub, "primary-1", 1) <= tokens(stub, "primary-1", 0) / 2
    labels = {"gen_ai_agent_name": "support", "gen_ai_request_model": "primary-1"}
    assert metric(serving, "mooring_context_trims_total", **labels, how="rescued") == 1


def test_what_is_still_too_long_goes_to_the_next_rung(serve: Serve, stub: Stub) -> None:
    stub.script("primary-1", Reply(status=400, body=TOO_LONG))
    answer = serve().http.post("/v1/chat/completions", json={"model": "support", "messages": talk(6)})

    assert rung_of(answer) == "L1"
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

    assert rung_of(answer) == "L0"
    assert answer.json()["choices"][0]["message"]["content"] == "hello"


CHINESE = (SAMPLES / "chinese.txt").read_text(encoding="utf-8")


class Counting(Stub):
    """Counts a Chinese sample as a real tokenizer does, and refuses what is too long for its window."""

    each = yaml.safe_load((SAMPLES.parent / "counts.yaml").read_text(encoding="utf-8"))["texts"]["chinese"]

    def __init__(self, url: str, tokenizer: str) -> None:
        super().__init__()
        self.url, self.counted, self._each = url, list[int](), self.each[tokenizer]

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        said = " ".join(str(message["content"]) for message in body["messages"])
        self.counted.append(said.count(CHINESE) * self._each + len(said.replace(CHINESE, "").encode()) // 4)
        over = self.counted[-1] + body["max_tokens" if "max_tokens" in body else "max_completion_tokens"] > WINDOW
        self.script(body["model"], Reply(status=400, body=TOO_LONG) if over else Reply("好的。"))
        return await super()._chat(request)


@pytest.mark.parametrize("tokenizer", ["o200k_base", "cl100k_base", "tekken_240911", "qwen3"])
def test_a_text_that_is_chinese_from_the_first_word_overruns_no_window(
    serve: Serve, stub_server: Serving, stub: Stub, tokenizer: str
) -> None:
    counting = Counting(stub_server.url, tokenizer)
    stub_server.mount.app = counting.app()
    talked = [{"role": role, "content": CHINESE} for role in ("user", "assistant") * 30]
    messages = [*talked, {"role": "user", "content": "然后呢"}]
    answer = serve().http.post("/v1/chat/completions", json={"model": "support", "messages": messages})

    assert (rung_of(answer), answer.json()["choices"][0]["message"]["content"]) == ("L0", "好的。")
    assert [1000 < tokens < WINDOW - 1024 for tokens in counting.counted] == [True]


def test_english_that_is_cheap_teaches_nothing_about_chinese() -> None:
    tokens = Tokens()
    for _ in range(50):
        tokens.learn("m", {"latin": 10_000, "frame": 40}, 5_000)
    assert tokens.factor("m", "latin") == pytest.approx(0.95, abs=0.01)
    assert tokens.factor("m", "han") == 1
    tokens.learn("m", {"latin": 5_000, "han": 5_000}, 5_000)  # nobody can tell which of the two is cheap
    assert tokens.factor("m", "han") == 1


def test_a_script_that_is_cheap_is_believed_little_by_little_and_with_a_margin() -> None:
    tokens = Tokens()
    tokens.learn("m", {"han": 10_000}, 5_000)
    once = tokens.factor("m", "han")
    for _ in range(50):
        tokens.learn("m", {"han": 10_000}, 5_000)
    assert 0.8 < once < 0.9
    assert tokens.factor("m", "han") == pytest.approx(0.5 * 1.15, abs=0.01)
    assert tokens.factor("other", "han") == 1


def test_a_script_that_is_dear_is_believed_at_once() -> None:
    tokens = Tokens()
    tokens.learn("m", {"latin": 8_000, "han": 2_000}, 15_000)
    assert tokens.total("m", {"latin": 8_000, "han": 2_000}) == pytest.approx(15_000, abs=5)
    tokens.learn("m", {"latin": 100}, 300)  # too short to tell
    assert tokens.factor("m", "latin") == pytest.approx(1.5, abs=0.01)


def test_a_refusal_says_that_the_window_was_full() -> None:
    tokens = Tokens()
    tokens.refused("m", {"han": 6_000}, 8_000)
    assert tokens.total("m", {"han": 6_000}) == pytest.approx(8_000, abs=5)
    tokens.refused("m", {"han": 9_000}, 8_000)
    assert tokens.factor("m", "han") == pytest.approx(8 / 6, abs=0.01)
