"""Tools are real HTTP calls; whatever goes wrong is told to the agent and never ends its run."""

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

FIND = ("find_order", {"order": "A/1", "full": True})


def said(stub) -> str:
    """What the model was told about its last tool call."""
    return next(m["content"] for m in reversed(stub.requests[-1]["messages"]) if m["role"] == "tool")


@pytest.fixture
def one_call(serve, stub, reply):
    """Lets the agent call a tool once, with the service answering as scripted."""

    def run(service=None, tool=FIND):
        stub.script("primary-1", reply(tool=tool), reply("done"))
        stub.script("shop", service or reply(body={"status": "shipped"}))
        serving = serve()
        answer = serving.chat()
        assert (answer.status_code, answer.json()["choices"][0]["message"]["content"]) == (200, "done")
        return serving

    return run


def test_arguments_fill_the_path_quoted_and_the_rest_is_the_query(one_call, stub):
    one_call()
    method, path, headers, sent = stub.services[0]
    assert (method, path) == ("GET", "/services/shop/orders/A%2F1")
    assert sent == {"full": "true"}
    assert headers["x-mooring-run"].startswith("run_")
    assert json.loads(said(stub)) == {"status": "shipped"}


def test_without_a_template_the_idempotency_key_is_the_calls_own(one_call, stub):
    one_call()
    _, _, headers, _ = stub.services[0]
    assert headers["idempotency-key"].startswith(headers["x-mooring-run"] + "-0-call-find_order")


def test_an_answer_of_one_service_leaves_no_cookie_for_the_next_run(serve, stub, reply):
    stub.script("primary-1", reply(tool=FIND), reply("done"), reply(tool=FIND), reply("done"))
    stub.script("shop", reply(body={}, headers={"set-cookie": "user=ann; path=/"}))
    serving = serve()
    serving.chat()
    serving.chat()
    assert [headers.get("cookie") for _, _, headers, _ in stub.services] == [None, None]


@pytest.mark.parametrize(
    ("status", "raw", "words"),
    [
        (404, '{"error": "no such order"}', "HTTP 404"),
        (500, "boom", "HTTP 500: boom"),
        (200, "<html>", "did not answer with JSON"),
        (200, "[1]", "is not what find_order promises"),
        (200, '{"x": "' + "y" * 70_000 + '"}', "larger than 65536 bytes"),
    ],
)
def test_the_agent_is_told_what_went_wrong(one_call, stub, reply, status, raw, words):
    one_call(reply(status=status, raw=raw))
    assert words in said(stub)


@pytest.mark.slow
def test_a_tool_that_hangs_is_stopped_and_the_agent_is_told(one_call, stub, reply):
    serving = one_call(reply(delay=3, body={}))
    assert "did not answer within 1 seconds" in said(stub)
    assert 'mooring_tool_calls_total{gen_ai_tool_name="find_order",outcome="timeout"} 1.0' in (
        serving.http.get("/metrics").text
    )


@pytest.mark.parametrize("arguments", [{}, {"order": 7}, {"order": "A1", "full": "perhaps"}])
def test_wrong_arguments_are_not_sent(one_call, stub, arguments):
    one_call(tool=("find_order", arguments))
    assert "the arguments are wrong" in said(stub)
    assert not stub.services


def test_a_service_that_is_not_there_is_told(one_call, stub, build, serve, reply):
    content = build().content
    gone = content.environment.model_copy(update={"services": {"shop": "http://127.0.0.1:9"}})
    stub.script("primary-1", reply(tool=FIND), reply("done"))
    release = type(build()).of(content.model_copy(update={"environment": gone}))
    assert serve(release).chat().status_code == 200
    assert "cannot be reached" in said(stub)


def test_a_tool_is_called_no_more_often_than_its_limit(serve, stub, reply, build):
    content = build().content
    scarce = content.tools["find-order"].model_copy(update={"max_calls_per_run": 1})
    release = type(build()).of(content.model_copy(update={"tools": content.tools | {"find-order": scarce}}))
    stub.script("primary-1", reply(tool=FIND), reply(tool=FIND), reply("done"))
    stub.script("shop", reply(body={}))
    assert serve(release).chat().status_code == 200
    assert "may be called 1 times" in said(stub)
    assert len(stub.services) == 1


def test_arguments_in_the_query_are_json_but_for_texts(host, on):
    async def echo(request):
        return JSONResponse(request.url.query)

    async def work(bench):
        assert await bench.call(a="x", b=1, c=[True, None, "y"], d=None) == "a=x&b=1&c=true&c=y"

    url = host(Starlette(routes=[Route("/it", echo)]))
    on(work, {"type": "http", "service": "shop", "method": "GET", "path": "/it"}, services={"shop": url})
