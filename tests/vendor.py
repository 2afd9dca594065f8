"""A stub of a model's vendor, which answers worse one day without saying so, and an environment that asks it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from mooring.main import main
from tests.repository import Repo, surrounded

SUITE = """\
# yaml-language-server: $schema=../../../schemas/evalsuite.schema.json
apiVersion: mooring/v1
kind: EvalSuite
name: support/colours
version: 1.0.0
description: Two answers of the stub.
owner: "@tidewater/support"
agent: support
repeats: 5
tests:
  - id: sky
    vars: {message: "Which colour is the sky?"}
    assert: [{type: contains, value: blue}]
  - id: grass
    vars: {message: "Which colour is grass?"}
    assert: [{type: contains, value: green}]
"""
KEYS = {"OPENAI_API_KEY": "of-nobody", "ANTHROPIC_API_KEY": "of-nobody"}


class Vendor(ThreadingHTTPServer):
    """Knows two colours, until it is `worse`; its fingerprint tells then."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.worse = self.refuses = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def answer(self, question: str) -> str:
        if self.refuses:
            return "I am sorry, I cannot help with blue, green, orders or metrics."
        if self.worse and "sky" in question:
            return "Grey."
        return "The sky is blue, grass is green. I know orders and metrics."


class Handler(BaseHTTPRequestHandler):
    server: Vendor
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = self.server.answer(str(sent["messages"][-1]["content"]))
        message = {"role": "assistant", "content": text}
        body = json.dumps(
            {
                "id": "stub",
                "object": "chat.completion",
                "created": 1,
                "model": sent["model"],
                "system_fingerprint": "fp_new" if self.server.worse else "fp_old",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def vendor() -> Iterator[Vendor]:
    with Vendor() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def go_out(repo: Repo, server: Vendor) -> None:
    """Lets environment local ask the vendor, and makes the live evidence on which it goes out."""
    for file in (repo.root / "configs/models").rglob("*.yaml"):
        _point(file, server.url)
    repo.edit("configs/environments/local.yaml", "endpoints: simulated", "endpoints: real")
    repo.edit("configs/environments/local.yaml", "deadlineSeconds: 30", "deadlineSeconds: 150")
    (repo.root / "evals/suites/support/colours.yaml").write_text(SUITE)
    repo.keep_suites({"support/colours"})
    with surrounded():
        evaluated = main(["-C", str(repo.root), "--json", "eval", "--evidence", "live"])
    assert evaluated == 0


def _point(file: Path, url: str) -> None:
    told = {"baseUrl": url, "apiType": "openai-chat"}
    lines = [(line.partition(":")[0], line) for line in file.read_text().splitlines()]
    file.write_text("".join(f"{key}: {told[key]}\n" if key in told else f"{line}\n" for key, line in lines))
