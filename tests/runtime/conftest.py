"""A scripted model server, a small release that calls it, and the real app on a real socket."""

import asyncio
import json
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.runtime.app import create_app
from mooring.runtime.runtime import Runtime
from mooring.runtime.settings import Settings


@dataclass
class Reply:
    """What the stub answers once: a text or a tool call, or an error, after `delay` seconds.

    A stream has `pace` seconds between words; with `cut` it breaks off. `raw` is sent as it is.
    """

    text: str = ""
    tool: tuple[str, dict[str, Any]] | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0
    cut: bool = False
    raw: str | None = None
    body: Any = None


class Stub:
    """An OpenAI-compatible server and tool services that say what a test told them to; the last reply repeats."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Reply]] = defaultdict(lambda: [Reply("hello")])
        self.requests: list[dict[str, Any]] = []
        self.services: list[tuple[str, str, dict[str, str], Any]] = []
        self.url = ""

    def script(self, name: str, *replies: Reply) -> None:
        """Replies of a model by its id, or of a service by its name, one after the other."""
        self.scripts[name] = list(replies)

    def asked(self, model: str) -> list[dict[str, Any]]:
        """Bodies that a model was sent."""
        return [body for body in self.requests if body["model"] == model]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/services/{path:path}", self._service, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ]
        )

    def _next(self, name: str) -> Reply:
        script = self.scripts[name]
        return script.pop(0) if len(script) > 1 else script[0]

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        reply = self._next(body["model"])
        await asyncio.sleep(reply.delay)
        if reply.status != 200:
            return JSONResponse({"error": {"message": "scripted"}}, reply.status, reply.headers)
        if reply.raw is not None:
            return Response(reply.raw, media_type="application/json")
        if body.get("stream"):
            return StreamingResponse(self._events(body, reply), media_type="text/event-stream")
        return JSONResponse(_completion(body["model"], reply))

    async def _events(self, body: Mapping[str, Any], reply: Reply) -> AsyncIterator[str]:
        for delta in _deltas(reply):
            await asyncio.sleep(reply.pace)
            yield _event(body["model"], delta, None)
        if reply.cut:
            raise ConnectionResetError("scripted")
        yield _event(body["model"], {}, "tool_calls" if reply.tool else "stop", usage=_USAGE)
        yield "data: [DONE]\n\n"

    async def _service(self, request: Request) -> Response:
        text = await request.body()
        sent = json.loads(text) if text else dict(request.query_params)
        self.services.append((request.method, request.scope["raw_path"].decode(), dict(request.headers), sent))
        reply = self._next(request.path_params["path"].split("/")[0])
        await asyncio.sleep(reply.delay)
        if reply.raw is not None:
            return Response(reply.raw, reply.status)
        return JSONResponse(reply.body, reply.status)


_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def _call(reply: Reply) -> dict[str, Any]:
    name, arguments = reply.tool or ("", {})
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"index": 0, "id": f"call-{name}-{time.monotonic_ns()}", "type": "function", "function": function}


def _completion(model: str, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.tool:
        message["tool_calls"] = [_call(reply)]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if reply.tool else "stop"}
    head = {"id": "stub", "object": "chat.completion", "created": 1, "model": model}
    return head | {"choices": [choice], "usage": _USAGE}


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for word in reply.text.split(" ") if reply.text else []:
        yield {"content": f"{word} "}
    if reply.tool:
        yield {"tool_calls": [_call(reply)]}


def _event(model: str, delta: dict[str, Any], finish: str | None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "stub", "object": "chat.completion.chunk", "created": 1, "model": model}
    return f"data: {json.dumps(head | {'choices': [choice]} | more)}\n\n"


class Serving:
    """An ASGI app on a port of its own, in a thread."""

    mount: Mount

    def __init__(self, app: Any) -> None:
        self.app = app
        config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on", timeout_graceful_shutdown=0)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> "Serving":
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.005)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self.http = httpx2.Client(base_url=self.url, timeout=20, verify=False)
        return self

    def stop(self) -> None:
        """Ends the app, unless it has ended."""
        self.http.close()
        self._server.should_exit = True
        self._thread.join()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._server.servers[0].get_loop()

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    def settled(self) -> dict[str, int]:
        """The accounting once nothing is in flight; the last byte of an answer leaves a moment before."""
        end = time.monotonic() + 5
        while self.runtime.accounting.in_flight and time.monotonic() < end:
            time.sleep(0.005)
        counts = self.runtime.accounting.data()
        assert counts["received"] == counts["answered"] + counts["failed"] + counts["abandoned"] + counts["in_flight"]
        return counts

    def chat(self, text: str = "hi", *, agent: str = "support", **more: Any) -> httpx2.Response:
        """Asks an agent one thing."""
        headers = more.pop("headers", {})
        body = {"model": agent, "messages": [{"role": "user", "content": text}]} | more
        return self.http.post("/v1/chat/completions", json=body, headers=headers)


@pytest.fixture(scope="session")
def stub_server() -> Iterator[Serving]:
    """Hosts one stub after the other."""
    mount = Mount("/", Starlette())
    serving = Serving(Starlette(routes=[mount])).start()
    serving.mount = mount
    yield serving
    serving.stop()


@pytest.fixture
def stub(stub_server: Serving) -> Stub:
    """A scripted server, listening."""
    stub = Stub()
    stub.url = stub_server.url
    stub_server.mount.app = stub.app()
    return stub


@pytest.fixture
def reply() -> type[Reply]:
    """What the scripted server can answer."""
    return Reply


Build = Callable[..., Release]


@pytest.fixture(scope="session")
def build() -> Build:
    """Makes a release; keyword arguments are merged into the resilience profile, `endpoints` into the environment."""

    def make(endpoints: str = "simulated", **profile: Any) -> Release:
        return Release.of(ReleaseContent.model_validate(_content(endpoints, profile)))

    return make


Serve = Callable[..., Serving]


@pytest.fixture
def serve(stub: Stub, build: Build, tmp_path: Path) -> Iterator[Serve]:
    """Serves a release, or one made of keyword arguments, with the stub as its simulator."""
    open_ones: list[Serving] = []

    def start(release: Release | None = None, slot: str = "blue", **profile: Any) -> Serving:
        environ: dict[str, str] = profile.pop("environ", {})
        settings = Settings(slot, tmp_path / "state", stub.url, environ)
        serving = Serving(create_app(release or build(**profile), settings))
        open_ones.append(serving.start())
        return serving

    yield start
    for serving in open_ones:
        serving.stop()


@pytest.fixture(scope="module")
def module_server(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for a whole module, with nobody to call: for requests that never get as far."""
    settings = Settings("blue", tmp_path_factory.mktemp("state"), "http://127.0.0.1:9", {})
    serving = Serving(create_app(build(), settings)).start()
    yield serving
    serving.stop()


def _head(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "mooring/v1",
        "kind": kind,
        "name": name,
        "version": "1.0.0",
        "description": f"{kind} {name}",
        "owner": "@tidewater/support",
    }


def _model(name: str, provider: str, price: float) -> dict[str, Any]:
    return _head("Model", name) | {
        "provider": provider,
        "id": f"{name}-1",
        "apiType": "openai-chat",
        "baseUrl": "https://models.invalid/v1",
        "secretRef": f"env:{name.upper()}_KEY",
        "contextWindow": 8000,
        "prices": {"inputPerMillion": price, "outputPerMillion": price * 4},
    }


def _tool(name: str, method: str, path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    reads = method == "GET"
    hints = {"readOnlyHint": reads, "destructiveHint": False, "idempotentHint": reads, "openWorldHint": False}
    return (
        _head("Tool", name)
        | {
            "inputSchema": {"type": "object", "properties": properties, "required": list(properties)[:1]},
            "outputSchema": {"type": "object"},
            "annotations": hints,
            "bind": {"type": "http", "service": "shop", "method": method, "path": path},
            "timeoutSeconds": 1,
        }
        | more
    )


def _agent(name: str, prompt: str, tools: list[str], **more: Any) -> dict[str, Any]:
    models = {"L0": "primary", "L1": "alternate", "L2": "small"}
    given = {"prompt": prompt, "tools": tools, "models": models, "resilience": "quick"}
    return _head("Agent", name) | given | {"variables": {"shop": "Tidewater"}} | more


def _prompt(name: str, *messages: tuple[str, str]) -> dict[str, Any]:
    text = {"type": "string"}
    properties = {"message": text | {"x-untrusted": True}, "shop": text, "page": text | {"x-untrusted": True}}
    return {
        "name": name,
        "version": "1.0.0",
        "owner": "@tidewater/support",
        "input": {"type": "object", "properties": properties, "required": ["message", "shop"]},
        "output": None,
        "messages": [{"role": role, "content": content} for role, content in messages],
        "parts": {},
    }


_PROFILE = {
    "deadlineSeconds": 5,
    "retry": {"tries": 2, "baseSeconds": 0.01, "multiplier": 2, "capSeconds": 0.5, "jitter": 0.5},
    "breaker": {"failures": 3, "openSeconds": 0.2},
    "ladder": {"requestTimeoutSeconds": 0.5, "apology": {"en": "Sorry.", "de": "Entschuldigung."}},
}


def _content(endpoints: str, profile: Mapping[str, Any]) -> dict[str, Any]:
    listed = {
        "agents": [
            _agent("support", "support", ["find-order", "refund-order"]),
            _agent("page", "page", []),
            _agent("json", "support", [], output={"type": "json", "schema": {"required": ["ok"]}}),
            _agent("bounded", "support", ["find-order"], limits={"maxModelCalls": 3}),
        ],
        "prompts": [
            _prompt("support", ("system", "You serve {{ shop }}."), ("user", "Customer: {{ message }}")),
            _prompt("page", ("user", "On {{ page }}"), ("assistant", "I see."), ("user", "{{ message }}")),
        ],
        "tools": [
            _tool("find-order", "GET", "/orders/{order}", {"order": {"type": "string"}, "full": {"type": "boolean"}}),
            _tool(
                "refund-order",
                "POST",
                "/orders/{order}/refund",
                {"order": {"type": "string"}, "cents": {"type": "integer"}},
                approval="human",
                idempotencyKey="refund-{order}",
                maxCallsPerRun=1,
            ),
        ],
        "models": [_model("primary", "one", 10), _model("alternate", "two", 5), _model("small", "own", 0)],
        "resilience": [_head("Resilience", "quick") | _PROFILE | dict(profile)],
    }
    named = {group: {item["name"]: item for item in items} for group, items in listed.items()}
    return {"environment": _environment(endpoints, list(named["agents"])), "guards": {}} | named


def _environment(endpoints: str, agents: list[str]) -> dict[str, Any]:
    return _head("Environment", "local") | {
        "tier": "development",
        "target": {"type": "local", "listen": "127.0.0.1:0"},
        "endpoints": endpoints,
        "services": {"shop": "simulated"},
        "agents": agents,
        "rollout": {"probes": [{"agent": "support", "say": "hi", "expect": "."}]},
    }
