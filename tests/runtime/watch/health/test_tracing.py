"""Spans reach a collector by OTLP over HTTP: which release, prompt, rung and run, and no word of a conversation."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mooring.runtime.watch import tracing
from mooring.runtime.watch.telemetry import Metrics
from tests.runtime.door.offering import offering
from tests.runtime.hosting import Serving

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.serving = Serving(Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])).start()

    async def _take(self, request: Request) -> Response:
        self.bodies.append(json.loads(await request.body()))
        return JSONResponse({})

    def spans(self) -> dict[str, dict[str, Any]]:
        """By name, with attributes as a mapping."""
        scopes = [scope for body in self.bodies for each in body["resourceSpans"] for scope in each["scopeSpans"]]
        return {
            span["name"]: span | {"about": _plain(span["attributes"])} for scope in scopes for span in scope["spans"]
        }


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


@pytest.fixture
def collector():
    found = Collector()
    yield found
    found.serving.stop()


@pytest.fixture
def traced(serve, collector):
    """Serves with spans going to the collector; the second value sends what is left and returns all spans."""

    def start(release=None, **profile):
        environ = {tracing.ENDPOINT: f"{collector.serving.url}/"}
        serving = serve(release, environ=environ, **profile)

        def spans():
            serving.settled()
            serving.runtime.metrics.tracing.close()
            return collector.spans()

        return serving, spans

    return start


def test_a_run_its_model_calls_and_its_tools_are_spans_of_one_trace(traced, stub, reply, build):
    stub.script("primary-1", reply(status=401))
    stub.script("alternate-1", reply(tool=("find_order", {"order": "A-private"})), reply("private answer"))
    stub.script("shop", reply(body={"state": "private"}))
    release = build()
    serving, spans = traced(release)
    answer = serving.chat("a private question", headers={"traceparent": PARENT})
    found = spans()
    run, failed, chat = found["invoke_agent support"], found["chat primary-1"], found["chat alternate-1"]
    tool = found["execute_tool find_order"]
    about = run["about"]
    assert about["mooring.release"] == release.digest
    assert about["mooring.run"] == answer.headers["x-mooring-run"]
    assert (about["mooring.rung"], about["mooring.slot"]) == ("L1", "blue")
    assert (about["gen_ai.prompt.name"], about["mooring.prompt.version"]) == ("support", "1.0.0")
    assert about["gen_ai.operation.name"] == "invoke_agent"
    assert chat["about"]["gen_ai.provider.name"] == "two"
    assert chat["about"]["mooring.rung"] == "L1"
    assert int(chat["about"]["gen_ai.usage.input_tokens"]) == 100
    assert failed["about"]["error.type"] == "ModelAuthenticationError"
    assert tool["about"]["gen_ai.tool.name"] == "find_order"
    assert {span["traceId"] for span in found.values()} == {PARENT.split("-")[1]}
    assert run["parentSpanId"] == PARENT.split("-")[2]
    assert {span["parentSpanId"] for span in (failed, chat, tool)} == {run["spanId"]}


def test_a_run_called_as_a_tool_belongs_to_the_trace_that_the_message_names(traced, build):
    serving, spans = traced(offering(build()))
    params = {"name": "support", "arguments": {"message": "hi"}, "_meta": {"traceparent": PARENT}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    accept = {"accept": "application/json, text/event-stream"}
    assert serving.http.post("/mcp", json=message, headers=accept).status_code == 200
    found = spans()
    assert set(found) == {"invoke_agent support", "chat primary-1"}
    assert found["invoke_agent support"]["parentSpanId"] == PARENT.split("-")[2]
    assert {span["traceId"] for span in found.values()} == {PARENT.split("-")[1]}


def test_no_text_of_user_model_tool_or_provider_is_in_a_span(traced, collector, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A-private"})), reply("private answer"))
    stub.script("shop", reply(raw="private failure", status=500))
    serving, spans = traced()
    serving.chat("a private question")
    spans()
    assert collector.bodies
    assert "private" not in json.dumps(collector.bodies)


@pytest.mark.slow
def test_a_stream_has_its_spans_too(traced, stub, reply):
    stub.script("primary-1", reply("one two three"))
    serving, spans = traced()
    serving.chat("hi", stream=True)
    found = spans()
    assert found["chat primary-1"]["about"]["gen_ai.usage.output_tokens"]
    assert found["invoke_agent support"]["about"]["mooring.rung"] == "L0"


@pytest.mark.slow
def test_a_collector_that_is_gone_costs_no_answer(serve, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")  # what an ending slot may wait for it
    serving = serve(environ={tracing.ENDPOINT: "http://127.0.0.1:9"})
    assert serving.chat().status_code == 200


def test_without_an_endpoint_there_is_nothing(serve):
    serving = serve()
    serving.chat(headers={"traceparent": PARENT})
    assert not serving.runtime.metrics.tracing.on
    assert tracing.tracing({}, "blue", "sha256:0") is tracing.OFF
    off = {tracing.ENDPOINT: "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}
    assert tracing.tracing(off, "blue", "sha256:0") is tracing.OFF
    with Metrics().tracing.call("one", "primary-1", "L0") as span:
        assert not span.is_recording()


def test_what_is_below_a_run_does_not_outlive_it_as_the_current_span(collector):
    from opentelemetry.trace import get_current_span

    on = tracing.tracing({tracing.TRACES_ENDPOINT: f"{collector.serving.url}/v1/traces"}, "blue", "sha256:0")

    async def run():
        with suppress(ValueError), on.run("support", {}):
            assert get_current_span().is_recording()
            raise ValueError("private")
        assert not get_current_span().is_recording()

    asyncio.run(run())
    on.close()
    assert collector.spans()["invoke_agent support"]["about"]["error.type"] == "ValueError"
    assert "private" not in json.dumps(collector.bodies)
