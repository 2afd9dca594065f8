"""A stand-in for GitHub's REST API on loopback: pull requests of one repository."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mooring.operate.repository.github import GitHub

TOKEN = "ghs_secret"


class Host(ThreadingHTTPServer):
    """`trouble` are what the next requests get: a status, or "lost" for one that is done although its answer is an
    error."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[tuple[int, str]] = []
        self.trouble: list[int | str] = []

    @property
    def github(self) -> GitHub:
        return GitHub.of(self.environ)

    @property
    def environ(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.server_port}"
        return {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "acme/agents", "GH_TOKEN": TOKEN}


class Handler(BaseHTTPRequestHandler):
    server: Host
    protocol_version = "HTTP/1.1"

    def handle_one(self, method: str) -> None:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        trouble = self.server.trouble.pop(0) if self.server.trouble else None
        if isinstance(trouble, int):
            self.reply(trouble, {"message": "no"})
            return
        status, data = self.answer(method, urlsplit(self.path), sent)
        self.reply(502 if trouble == "lost" else status, data)

    def answer(self, method: str, url: Any, sent: dict[str, str]) -> tuple[int, object]:
        query, pulls = parse_qs(url.query), self.server.pulls
        match method, url.path.removeprefix("/repos/acme/agents").split("/")[1:]:
            case "GET", [] | [""]:
                return 200, {"default_branch": "main"}
            case "GET", ["pulls"]:
                owner, _, branch = query["head"][0].partition(":")
                assert (owner, query["state"]) == ("acme", ["open"])
                return 200, [pull for pull in pulls if pull["state"] == "open" and pull["head"]["ref"] == branch]
            case "POST", ["pulls"]:
                pulls.append({**sent, "number": len(pulls) + 1, "state": "open", "head": {"ref": sent["head"]}})
                return 201, pulls[-1]
            case "PATCH", ["pulls", number]:
                pulls[int(number) - 1] |= sent
                return 200, pulls[int(number) - 1]
            case "POST", ["issues", number, "comments"]:
                self.server.comments.append((int(number), sent["body"]))
                return 201, {}
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
