"""A stand-in for GitHub's REST API on loopback: what those of issues, pull requests and comments share."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from mooring.operate.repository.github import ACTIONS, GitHub
from tests.operate.repository.description import Undescribed, check, check_answer

TOKEN = "ghs_secret"
BOT = {"login": ACTIONS}

Answer = tuple[int, object]
Query = dict[str, list[str]]


class StandIn(ThreadingHTTPServer):
    """The API of one repository. `trouble` are what the next requests get: a status, or "lost" for one that is done
    although its answer is an error. `before` is called with the method before a request is carried out.

    A request that GitHub does not describe is refused as GitHub refuses one, and fails the test at its end.
    """

    daemon_threads = True
    repository = "acme/agents"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.trouble: list[int | str] = []
        self.asked: list[str] = []
        self.undescribed: list[str] = []
        self.before: Callable[[str], None] = lambda method: None

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        """Status and data. `path` is below the repository."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": self.repository, "GH_TOKEN": TOKEN}

    @property
    def github(self) -> GitHub:
        return GitHub.of(self.environ)

    @contextmanager
    def serving(self) -> Iterator[Self]:
        with self:
            threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            yield self
            self.shutdown()
        assert self.undescribed == []


class Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"

    def handle_one(self, method: str) -> None:
        self.server.asked.append(f"{method} {self.path}")
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        trouble = self.server.trouble.pop(0) if self.server.trouble else None
        if isinstance(trouble, int):
            self.reply(trouble, {"message": "no", "token": self.headers["Authorization"]})
            return
        self.server.before(method)
        status, data = self.described(method, sent)
        self.reply(502 if trouble == "lost" else status, data)

    def described(self, method: str, sent: Any) -> Answer:
        """The answer to a request, both as GitHub describes them."""
        url = urlsplit(self.path)
        path = [part for part in url.path.removeprefix(f"/repos/{self.server.repository}").split("/") if part]
        query = parse_qs(url.query, keep_blank_values=True)
        try:
            operation = check(method, url.path, query, sent)
            status, data = self.server.answer(method, path, query, sent or {})
            check_answer(operation, status, data)
        except Undescribed as error:
            self.server.undescribed.append(str(error))
            return 422, {"message": str(error)}
        return status, data

    def reply(self, status: int, data: object) -> None:
        body = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Type", "application/json")
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

    def do_DELETE(self) -> None:
        self.handle_one("DELETE")

    def log_message(self, *_: object) -> None:
        """Quiet."""
