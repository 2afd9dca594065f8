"""A stand-in for GitHub's REST API on loopback: the issues of one repository without pull requests."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mooring.operate.repository.github import ACTIONS, GitHub

TOKEN = "ghs_secret"
BOT = {"login": ACTIONS}


class Tracker(ThreadingHTTPServer):
    """`trouble` are what the next requests get: a status, or "lost" for one that is done although its answer is an
    error. `before` is called with the method before a request is carried out."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issues: list[dict[str, Any]] = []
        self.trouble: list[int | str] = []
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda method: None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "acme/agents", "GH_TOKEN": TOKEN}

    @property
    def github(self) -> GitHub:
        return GitHub.of(self.environ)

    @property
    def open(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues if issue["state"] == "open"]

    def add(self, title: str, body: str, user: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        with self.lock:
            made = {"number": len(self.issues) + 1, "title": title, "body": body, "state": "open"}
            self.issues.append(made | {"user": user or BOT} | more)
            return self.issues[-1]


@contextmanager
def tracker() -> Iterator[Tracker]:
    with Tracker() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


class Handler(BaseHTTPRequestHandler):
    server: Tracker
    protocol_version = "HTTP/1.1"

    def handle_one(self, method: str) -> None:
        self.server.asked.append(f"{method} {self.path}")
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        trouble = self.server.trouble.pop(0) if self.server.trouble else None
        if isinstance(trouble, int):
            self.reply(trouble, {"message": "no"})
            return
        self.server.before(method)
        status, data = self.answer(method, urlsplit(self.path), sent)
        self.reply(502 if trouble == "lost" else status, data)

    def answer(self, method: str, url: Any, sent: dict[str, Any]) -> tuple[int, object]:
        match method, url.path.removeprefix("/repos/acme/agents").split("/")[1:]:
            case "GET", ["issues"]:
                query = parse_qs(url.query)
                assert query["state"] == ["open"]
                start = (int(query["page"][0]) - 1) * 100
                return 200, self.server.open[start : start + 100]
            case "GET", ["pulls"]:
                return 200, []
            case "POST", ["issues"]:
                return 201, self.server.add(sent["title"], sent["body"])
            case "PATCH", ["issues", number]:
                self.server.issues[int(number) - 1] |= sent
                return 200, self.server.issues[int(number) - 1]
        return 404, {}

    def reply(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
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

    def log_message(self, *_: object) -> None:
        pass
