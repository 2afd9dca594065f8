"""Models that answer, refuse, hang and say nothing, at the endpoints of both protocols."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from mooring.release.content import ReleaseContent
from tests.operate.patrol.conftest import Round
from tests.operate.patrol.proxy import http_server, silent

ECHO = {"kind": "llm-echo", "okBelowSeconds": 10, "alarmAboveSeconds": 10}
CHAT = {"choices": [{"finish_reason": "stop", "message": {"content": "pong"}}]}
MESSAGE = {"stop_reason": "end_turn", "content": [{"type": "text", "text": "pong"}]}


@pytest.fixture
def at(looked: Round) -> Callable[..., Round]:
    """Patrols of an environment whose only model is at a port, with its key set."""

    def make(port: int, api: str = "openai-chat") -> Round:
        data = looked.around.content.model_dump(mode="json")
        name, model = "primary", data["models"]["primary"]
        model |= {"baseUrl": f"http://127.0.0.1:{port}/v1", "apiType": api, "secretRef": "env:MODEL_KEY"}
        data |= {"models": {name: model}}
        data["environment"]["endpoints"] = "real"
        looked.around.content = ReleaseContent.model_validate(data)
        looked.around.environ = {"MODEL_KEY": "sk-hunter22"}
        return looked

    return make


@pytest.mark.parametrize(
    ("api", "path", "header", "answer"),
    [
        ("openai-chat", "/v1/chat/completions", ("authorization", "Bearer sk-hunter22"), CHAT),
        ("anthropic-messages", "/v1/messages", ("x-api-key", "sk-hunter22"), MESSAGE),
    ],
)
def test_a_model_is_asked_for_one_word_by_its_protocol(
    at: Any, api: str, path: str, header: tuple[str, str], answer: Any
) -> None:
    asked: list[tuple[str, str | None, Any]] = []

    def say(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any]:
        asked.append((request.path, request.headers[header[0]], json.loads(body)))
        return 200, answer

    with http_server(say) as port:
        (found,) = at(port, api)({"name": "models", **ECHO})
    assert (found.standing.state, found.last.check) == ("ok", "models/primary")
    ((where, key, body),) = asked
    assert (where, key, body["model"]) == (path, header[1], "primary-1")


@pytest.mark.parametrize(
    ("status", "value", "said"),
    [
        (
            401,
            {"error": {"message": "bad key sk-hunter22", "code": "invalid_api_key"}},
            "refuses the key (HTTP 401, inv",
        ),
        (403, "no", "refuses the key (HTTP 403)"),
        (404, {"error": {"type": "model_not_found"}}, "does not know the model (HTTP 404, model_not_found)"),
        (429, {"error": {"code": "sk-hunter22"}}, "limits our calls (HTTP 429)"),
        (503, "<html>", "fails (HTTP 503)"),
        (200, "<html>", "does not answer in JSON"),
        (200, {"choices": []}, "gives an empty answer"),
        (200, {"choices": [{"finish_reason": "stop", "message": {"content": ""}}]}, "gives an empty answer"),
        (200, [1], "does not answer in JSON"),
    ],
)
def test_another_answer_is_an_alarm_that_repeats_no_text_of_a_vendor(
    at: Any, status: int, value: Any, said: str
) -> None:
    with http_server(lambda *_: (status, value)) as port:
        state, detail = at(port).one(ECHO)
    assert (state, said in detail, "hunter22" in detail) == ("alarm", True, False), detail


def test_a_model_that_thinks_until_it_is_cut_has_answered(at: Any) -> None:
    cut = {"choices": [{"finish_reason": "length", "message": {"content": None}}]}
    with http_server(lambda *_: (200, cut)) as port:
        assert at(port).one(ECHO) == ("ok", "")
    with http_server(lambda *_: (200, {"stop_reason": "max_tokens", "content": []})) as port:
        assert at(port, "anthropic-messages").one(ECHO) == ("ok", "")


def test_a_model_that_hangs_is_an_alarm_in_time(at: Any) -> None:
    with silent() as port:
        assert at(port).one({**ECHO, "timeoutSeconds": 0.2}) == ("alarm", "no answer within 0.2 s")


def test_without_its_key_nothing_is_known_of_a_model(at: Any) -> None:
    patrols = at(1)
    patrols.around.environ = {}
    assert patrols.one(ECHO) == ("unknown", "MODEL_KEY is not set where the patrol runs; export it there")


def test_each_model_is_a_check_of_its_own_and_simulated_ones_are_asked_of_the_simulator(looked: Round) -> None:
    asked: list[tuple[str, str]] = []

    def say(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any]:
        asked.append((request.path, json.loads(body)["model"]))
        return 200, CHAT

    assert looked({"name": "models", **ECHO})[0].last.detail == "the simulator does not run; moor up local"
    looked.before.clear()
    with http_server(say) as port:
        looked.around.simulator = f"http://127.0.0.1:{port}"
        found = looked({"name": "models", **ECHO})
    models = looked.around.content.models
    assert [each.last.check for each in found] == [f"models/{name}" for name in sorted(models)]
    assert {each.last.detail for each in found} == {"simulated"}
    assert sorted(asked) == sorted(("/v1/chat/completions", model.id) for model in models.values())
    (wrong,) = looked({"name": "models", **ECHO, "models": ["none"]})
    assert wrong.last.state == "unknown"
