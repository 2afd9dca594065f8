"""A stand-in for a platform's API on loopback, which checks every request against the platform's description."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from jsonschema import Draft202012Validator

DESCRIBED = Path(__file__).parent / "described"

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Request:
    """`call` is as the description names it, `path` what its parameters are here."""

    call: str
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@cache
def description(api: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DESCRIBED / f"{api}.json").read_text(encoding="utf-8"))
    return found


def complaints(api: str, schema: Any, value: Any) -> list[str]:
    """What is wrong with a value."""
    validator = Draft202012Validator({**schema, "$defs": description(api)["$defs"]})
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


class StandIn(ThreadingHTTPServer):
    """`trouble` are what the next requests get: a status, or (status, headers, data), or "lost" for one that is done
    although its answer is an error; `complaints` is what was wrong with requests, which a test looks at in the end."""

    daemon_threads = True
    api: str
    prefix = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.trouble: list[int | str | tuple[int, dict[str, str], Any]] = []
        self.asked: list[Request] = []
        self.complaints: list[str] = []
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Status and data of what was asked properly."""
        raise NotImplementedError

    def allowed(self, request: Request) -> bool:
        """Whether the request has the token that it needs."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def calls(self) -> list[str]:
        """What was asked, in order."""
        return [request.call for request in self.asked]

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Answers until the end, when nothing may have been wrong with any request."""
        with self:
            threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            try:
                yield self
            finally:
                self.shutdown()
            assert self.complaints == []

    def recognised(self, method: str, target: str, body: Any, headers: dict[str, str]) -> Request | None:
        """The request as the description has it; None, and a complaint, where it has no such call."""
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        for call in description(self.api)["calls"]:
            verb, template = call.split(" ")
            pattern = re.sub(
                r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
            )
            if verb == method and (found := re.fullmatch(pattern, url.path.removeprefix(self.prefix))):
                path = {name: unquote(value) for name, value in found.groupdict().items()}
                return Request(call, path, query, body, headers)
        self.complaints.append(f"{method} {url.path} is not described")
        return None

    def check(self, request: Request) -> None:
        described = description(self.api)["calls"][request.call]
        for where, values in (("query", request.query), ("path", request.path)):
            for name, value in values.items():
                if name not in described[where]:
                    self.complaints.append(f"{request.call}: no parameter {name}")
                    continue
                schema = described[where][name]
                typed = int(value) if schema.get("type") == "integer" and value.isdigit() else value
                self.complaints += [f"{request.call} {name} {said}" for said in complaints(self.api, schema, typed)]
        if described["body"] is None:
            self.complaints += [f"{request.call}: a body"] if request.body is not None else []
        else:
            wrong = complaints(self.api, described["body"], request.body)
            self.complaints += [f"{request.call} {said}" for said in wrong]


class Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"

    def handle_one(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = self.server
        with server.lock:
            request = server.recognised(method, self.path, json.loads(raw) if raw else None, headers)
            if request is None:
                return self.reply(404, {})
            server.asked.append(request)
            server.check(request)
            trouble = server.trouble.pop(0) if server.trouble else None
            if isinstance(trouble, int):
                return self.reply(trouble, {"message": "no"})
            if isinstance(trouble, tuple):
                return self.reply(trouble[0], trouble[2], trouble[1])
            if not server.allowed(request):
                server.complaints.append(f"{request.call}: without its token")
                return self.reply(401, {})
            status, data = server.answer(request)
            return self.reply(502 if trouble == "lost" else status, data)

    def reply(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        body = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.handle_one("GET")

    def do_POST(self) -> None:
        self.handle_one("POST")

    def do_PATCH(self) -> None:
        self.handle_one("PATCH")

    def do_PUT(self) -> None:
        self.handle_one("PUT")

    def log_message(self, *_: object) -> None:
        """Quiet."""
