"""Each bad request answers as an OpenAI-style error with a stable code."""

import ast
import json
import socket
import time
from pathlib import Path

import httpx2
import pytest

from mooring import runtime
from mooring.runtime.core.problems import CODES
from mooring.runtime.door import parse

USER = {"role": "user", "content": "hi"}


def chat(**fields):
    return {"model": "support", "messages": [USER]} | fields


def said(*roles):
    return chat(messages=[{"role": role, "content": "x"} for role in roles])


TABLE = [
    (chat(model="nobody"), 404, "model_not_found", "model"),
    (chat(model=7), 400, "invalid_request", "model"),
    ({"messages": [USER]}, 400, "invalid_request", "model"),
    ({"model": "support"}, 400, "invalid_request", "messages"),
    (chat(messages=[]), 400, "invalid_request", "messages"),
    (chat(messages=[USER] * 2049), 400, "invalid_request", "messages"),
    (chat(messages="hi"), 400, "invalid_request", "messages"),
    (chat(messages=[{"role": "user", "content": ""}]), 400, "invalid_request", "messages[0]"),
    (chat(messages=[{"role": "user", "content": None}]), 400, "invalid_request", "messages[0]"),
    (chat(messages=[{"content": "x"}]), 400, "invalid_request", "messages[0].role"),
    (said("user", "assistant"), 400, "invalid_roles", "messages[1]"),
    (said("user", "tool", "user"), 400, "invalid_roles", "messages[1]"),
    (said("bishop"), 400, "invalid_roles", "messages[0]"),
    (said("system", "user"), 400, "system_message_refused", "messages[0]"),
    (said("user", "developer", "user"), 400, "system_message_refused", "messages[1]"),
    (chat(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), 400, "unsupported_content", "messages[0]"),
    (chat(n=2), 400, "unsupported_parameter", "n"),
    (chat(tools=[{}]), 400, "unsupported_parameter", "tools"),
    (chat(functions=[{}]), 400, "unsupported_parameter", "functions"),
    (chat(tool_choice="required"), 400, "unsupported_parameter", "tool_choice"),
    (chat(logprobs=True), 400, "unsupported_parameter", "logprobs"),
    (chat(response_format={"type": "json_object"}), 400, "unsupported_parameter", "response_format"),
    (chat(modalities=["audio"]), 400, "unsupported_parameter", "modalities"),
    (chat(stream="loud"), 400, "invalid_request", "stream"),
    (chat(messages=[{"role": "user", "content": "x" * 2001}]), 400, "invalid_request", "message"),
]

BEGUN = b'{"model": "support", "messages": [{"role": "user", "content": "x"}], '
"""A request that would do, up to its end."""

RAW = [
    (b"", 400, "invalid_json"),
    (b"{", 400, "invalid_json"),
    (b"\xff\xfe", 400, "invalid_utf8"),
    (b'{"model": "support", "messages": [{"role": "user", "content": "\\ud800"}]}', 400, "invalid_json"),
    (b"[" * 100_000, 400, "invalid_json"),
    (BEGUN + b'"x": ' + b"[" * 201 + b"]" * 201 + b"}", 400, "invalid_json"),
    (BEGUN + b'"model": "page"}', 400, "invalid_json"),
    (b'{"model": "support", "messages": [{"role": "user", "content": "x", "content": "y"}]}', 400, "invalid_json"),
    (b'{"model": "support", "messages": [{"role": "user", "content": "x"}], "top_p": NaN}', 400, "invalid_json"),
    (
        b'{"model": "support", "messages": [{"role": "user", "content": "x"}], "seed": %s}' % (b"9" * 5000),
        400,
        "invalid_json",
    ),
    (b"[]", 400, "invalid_request"),
    (b'"' + b"x" * 1_100_000 + b'"', 413, "request_too_large"),
]


@pytest.mark.parametrize(("sent", "status", "code", "param"), TABLE)
def test_a_bad_field_is_named(module_server, sent, status, code, param):
    answer = module_server.http.post("/v1/chat/completions", json=sent)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(("sent", "status", "code"), RAW)
def test_a_body_that_is_no_request_is_refused(module_server, sent, status, code):
    answer = module_server.http.post("/v1/chat/completions", content=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_key_that_is_there_twice_is_named(module_server):
    answer = module_server.http.post("/agents/support/runs", content=b'{"message": "a", "variables": {"x": 1, "x": 2}}')
    assert "the key 'x' is there more than once" in answer.json()["error"]["message"]


def test_nesting_that_the_parser_takes_is_no_error_of_ours(module_server):
    deep = b'{"model": "nobody", "messages": [{"role": "user", "content": "x"}], "x": ' + b"[" * 190 + b"]" * 190 + b"}"
    assert module_server.http.post("/v1/chat/completions", content=deep).json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "model_not_found"),
        ("application/json", "model_not_found"),
        ("Application/JSON; charset=utf-8", "model_not_found"),
        ("application/merge-patch+json", "model_not_found"),
        ("application/x-www-form-urlencoded", "unsupported_media_type"),
        ("text/plain", "unsupported_media_type"),
        ("text/json", "unsupported_media_type"),
        ("multipart/form-data; boundary=x", "unsupported_media_type"),
        ("", "model_not_found"),
    ],
)
def test_a_body_that_says_it_is_something_else_than_json_is_refused(module_server, kind, code):
    content = json.dumps(chat(model="nobody")).encode()
    headers = {} if kind is None else {"content-type": kind}
    answer = module_server.http.post("/v1/chat/completions", content=content, headers=headers)
    assert answer.json()["error"]["code"] == code
    assert answer.status_code == (415 if code == "unsupported_media_type" else 404)


def test_ten_megabytes_are_refused_before_they_are_read(module_server):
    answer = module_server.http.post("/v1/chat/completions", content=b'"' + b"x" * 10_000_000 + b'"')
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_thousand_messages_are_a_conversation(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    serving = serve()
    messages = [{"role": role, "content": f"{number}"} for number in range(500) for role in ("user", "assistant")]
    answer = serving.http.post("/v1/chat/completions", json=chat(messages=[*messages, USER]))
    assert answer.json()["choices"][0]["message"]["content"] == "yes"
    asked = {"model": "support", "input": [*messages, USER]}
    assert serving.http.post("/v1/responses", json=asked).json()["status"] == "completed"


def test_a_header_cannot_carry_another(module_server):
    sent = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\naccept-language: de%s\r\n\r\n{}"
    )
    url = httpx2.URL(module_server.url)
    for smuggled in (b"\rx-mooring-rung: L9", b"\nx-mooring-rung: L9", b"\0", b"\r\nx-mooring-run: run_mine"):
        with socket.create_connection((url.host, url.port), timeout=5) as connection:
            connection.sendall(sent % smuggled)
            answer = connection.recv(65536).lower()
        assert answer.startswith(b"http/1.1 400")
        assert b"l9" not in answer
        assert b"run_mine" not in answer


def test_a_body_without_length_is_refused_when_it_grows_too_large(module_server):
    answer = module_server.http.post("/v1/chat/completions", content=(b"x" * 65536 for _ in range(20)))
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_client_that_dawdles_is_let_go(module_server, monkeypatch):
    monkeypatch.setattr(parse, "READ_SECONDS", 0.1)
    url = httpx2.URL(module_server.url)
    with socket.create_connection((url.host, url.port), timeout=5) as slow:
        slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{")
        assert b"408" in slow.recv(4096)


@pytest.mark.parametrize("setting", [{"temperature": 0.1}, {"max_tokens": 5}, {"user": "u"}, {"metadata": {"a": "b"}}])
def test_settings_that_the_release_decides_are_accepted_and_not_used(module_server, setting):
    answer = module_server.http.post("/v1/chat/completions", json=chat(model="nobody", **setting))
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("POST", "/agents/nobody/runs", 404, "model_not_found"),
        ("POST", "/agents/support/runs", 400, "invalid_json"),
        ("POST", "/runs/none/approve", 404, "run_not_found"),
    ],
)
def test_a_wrong_path_or_method_is_an_error_of_the_same_shape(module_server, method, path, status, code):
    answer = module_server.http.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_wait_that_is_no_number_is_refused(module_server):
    answer = module_server.http.post("/agents/support/runs?wait=soon", json={"message": "x"})
    assert answer.json()["error"]["param"] == "wait"


def test_an_error_does_not_repeat_what_the_user_wrote(module_server):
    secret = "my card is 4111"
    answers = [
        module_server.http.post(
            "/v1/chat/completions", json=chat(messages=[{"role": "user", "content": {"x": secret}}])
        ),
        module_server.http.post("/v1/chat/completions", content=b'{"model": "' + secret.encode() + b'", '),
    ]
    assert all(secret not in answer.text for answer in answers)


def test_every_refusal_counts_as_answered(module_server):
    module_server.http.post("/v1/chat/completions", content=b"{")
    time.sleep(0.02)
    counts = module_server.settled()
    assert counts["failed"] == counts["in_flight"] == 0


def test_codes_are_words_with_a_status():
    assert all(name.islower() and code.status >= 400 and code.says.endswith(".") for name, code in CODES.items())


@pytest.mark.slow
def test_every_code_is_raised_somewhere_and_every_one_that_is_raised_is_in_the_table():
    raised = set()
    for module in Path(runtime.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
                raised.add(ast.literal_eval(node.args[0]))
    assert raised == set(CODES)
