"""An OpenAI-compatible endpoint on loopback that says what it is told to, and one assertion judged by it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mooring import spec
from mooring.evaluate.assertions.judging import judge
from mooring.evaluate.job import Seat
from mooring.evaluate.judges.panel import Panel, Reach
from mooring.evaluate.values import Reply, Score
from mooring.spec.suite import Case

SUITE = "asked"


@dataclass
class Endpoint:
    """`say` is the judge's text for a prompt; another `status` is an error; `hang` holds every answer back."""

    say: Callable[[str], str] = lambda prompt: '{"score": 9, "reason": "It is kind."}'
    status: int = 200
    hang: bool = False
    url: str = ""
    prompts: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            endpoint.prompts.append(body["messages"][-1]["content"])
            endpoint.keys.append(self.headers["authorization"])
            if endpoint.hang:
                endpoint.end.wait(30)
            text = endpoint.say(endpoint.prompts[-1])
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            head = {"id": "1", "object": "chat.completion", "created": 1, "model": "judge"}
            answer = json.dumps(head | {"choices": [choice], "usage": usage}).encode()
            self.send_response(endpoint.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(endpoint))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield endpoint
    endpoint.end.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def model(endpoint: Endpoint) -> spec.Model:
    head = {"apiVersion": "mooring/v1", "kind": "Model", "name": "judge", "version": "1.0.0", "description": "Judges."}
    where = {"owner": "@a/b", "provider": "x", "id": "judge-2026-01-01", "apiType": "openai-chat"}
    rest = {"contextWindow": 8192, "prices": {"inputPerMillion": 1, "outputPerMillion": 1}}
    return spec.Model.model_validate({**head, **where, **rest, "baseUrl": endpoint.url, "secretRef": "env:JUDGE_KEY"})


@pytest.fixture
def panel(model: spec.Model) -> Callable[..., Panel]:
    """A panel with one judge; what is given changes how it is reached."""

    def make(timeout: float = 20, may_block: bool = True, environ: dict[str, str] | None = None, **more: Any) -> Panel:
        environ = {"JUDGE_KEY": "key-of-the-judge"} if environ is None else environ
        seats = {SUITE: Seat(more.pop("model", model), timeout, may_block)}
        return Panel(seats, Reach("live", None, environ))

    return make


@pytest.fixture
def judged(panel: Callable[..., Panel]) -> Callable[..., Score]:
    """The score of one assertion about one reply."""

    def run(type_: str, value: Any = None, *replies: Reply, threshold: float | None = None, **more: Any) -> Score:
        assertion = {"type": type_, "value": value, "threshold": threshold}
        turns = [{"message": f"Message {number}"} for number, _ in enumerate(replies)]
        case = Case.model_validate({"id": "x", "turns": turns, "assert": [assertion]})

        async def ask() -> tuple[Score, ...]:
            async with panel(**more) as seated:
                suite = more.get("suite", SUITE)
                return await judge(case, replies, seated.ask(suite), seated.may_block(suite))

        (score,) = asyncio.run(ask())
        return score

    return run
