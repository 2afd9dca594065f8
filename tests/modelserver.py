"""Stand-ins for the endpoints of model vendors: one speaks as OpenAI does, one as Anthropic does; and their faults.

https://platform.openai.com/docs/api-reference/chat and https://docs.anthropic.com/en/api/messages.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}


class ModelServer(ThreadingHTTPServer):
    """Knows a key and a model. `fault` is how it misbehaves, "" for not at all; `asked` are the bodies it was sent.

    Faults: `words` never calls a tool, `refuses-tools` answers 400 to one, `cut` breaks off streams, `no-json` writes a
    body that is none, `prose` says more than the JSON, `quota`, `limit` and `fails` answer 429 and 500, `tiny` has too
    little context, `slow` takes two seconds, `silent` begins a stream and says nothing.
    """

    daemon_threads = True

    def __init__(self, fault: str = "", key: str = "", model: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault, self.key, self.model = fault, key, model
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is nobody's fault."""


@contextmanager
def model_server(fault: str = "", key: str = "", model: str = "") -> Iterator[ModelServer]:
    with ModelServer(fault, key, model) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        if refusal := self._refusal(body):
            status, code = refusal
            # A vendor repeats parts of the key in the text; nobody may see them.
            self._json({"error": {"message": f"no: {self._key()[:20]}", "type": code, "code": code}}, status)
        elif self.server.fault == "no-json":
            self._send(b"<html>a proxy's page</html>", "text/html")
        else:
            self._answered(body)

    def _refusal(self, body: dict[str, Any]) -> tuple[int, str] | None:
        server = self.server
        if server.key and self._key() != server.key:
            return 401, "invalid_api_key"
        if server.model and body["model"] != server.model:
            return 404, "model_not_found"
        if server.fault == "refuses-tools" and body.get("tools"):
            return 400, "tools_unsupported"
        return {
            "limit": (429, "rate_limit_exceeded"),
            "quota": (429, "insufficient_quota"),
            "fails": (500, "server_error"),
            "tiny": (400, "context_length_exceeded"),
        }.get(server.fault)

    def _key(self) -> str:
        return self.headers.get("x-api-key") or self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _answered(self, body: dict[str, Any]) -> None:
        if self.server.fault == "slow":
            time.sleep(2)
        asked = json.dumps(body["messages"])
        text = '{"word": "pong"}' if "JSON" in asked else "pong"
        if self.server.fault == "prose":
            text = f"Here you are: {text}"
        names = {(tool.get("function") or tool)["name"] for tool in body.get("tools") or ()}
        calls = "echo" in names and self.server.fault != "words"
        speak = _Anthropic if self.path.endswith("/messages") else _OpenAI
        if body.get("stream"):
            self._streamed(speak.stream(body["model"], text))
        else:
            self._json(speak.whole(body["model"], text, calls))

    def _streamed(self, events: list[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.server.fault == "silent":
            time.sleep(3)
        for number, event in enumerate(events):
            data = event.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
            if self.server.fault == "cut" and number == len(events) // 2:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
        self.wfile.write(b"0\r\n\r\n")

    def _json(self, value: dict[str, Any], status: int = 200) -> None:
        self._send(json.dumps(value).encode(), "application/json", status)

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _OpenAI:
    @staticmethod
    def whole(model: str, text: str, calls: bool) -> dict[str, Any]:
        call = {"id": "call_1", "type": "function", "function": {"name": "echo", "arguments": '{"word": "pong"}'}}
        message = {"role": "assistant", "content": None if calls else text} | ({"tool_calls": [call]} if calls else {})
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
        return {
            "id": "c", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": USAGE
        }  # fmt: skip

    @staticmethod
    def stream(model: str, text: str) -> list[str]:
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}

        def chunk(delta: dict[str, Any], reason: str | None = None) -> str:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"

        pieces = [chunk({"content": text[:2]}), chunk({"content": text[2:]}), chunk({}, "stop")]
        usage = f"data: {json.dumps({**head, 'choices': [], 'usage': USAGE})}\n\n"
        return [chunk({"role": "assistant", "content": ""}), *pieces, usage, "data: [DONE]\n\n"]


class _Anthropic:
    @staticmethod
    def _head(model: str) -> dict[str, Any]:
        usage = {"input_tokens": USAGE["prompt_tokens"], "output_tokens": USAGE["completion_tokens"]}
        about = {"id": "m", "type": "message", "role": "assistant", "model": model}
        return {**about, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}

    @classmethod
    def whole(cls, model: str, text: str, calls: bool) -> dict[str, Any]:
        use = {"type": "tool_use", "id": "toolu_1", "name": "echo", "input": {"word": "pong"}}
        block = use if calls else {"type": "text", "text": text}
        return cls._head(model) | {"content": [block], "stop_reason": "tool_use" if calls else "end_turn"}

    @classmethod
    def stream(cls, model: str, text: str) -> list[str]:
        delta = [{"type": "text_delta", "text": piece} for piece in (text[:2], text[2:])]
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": cls._head(model)},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *({"type": "content_block_delta", "index": 0, "delta": each} for each in delta),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
             "usage": {"output_tokens": USAGE["completion_tokens"]}},
            {"type": "message_stop"},
        ]  # fmt: skip
        return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
