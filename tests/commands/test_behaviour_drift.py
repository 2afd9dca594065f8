"""`moor drift --behaviour` with real processes, and a stub model that answers worse one day without saying so."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.repository import Repo, copied, surrounded, up

pytestmark = pytest.mark.slow

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


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with Vendor() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, vendor: Vendor) -> Iterator[Repo]:
    """An environment that went out on live evidence of the vendor."""
    from mooring.main import main

    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        repo = copied(tmp_path_factory.mktemp("asked"))
        for file in (repo.root / "configs/models").rglob("*.yaml"):
            _point(file, vendor.url)
        repo.edit("configs/environments/local.yaml", "endpoints: simulated", "endpoints: real")
        repo.edit("configs/environments/local.yaml", "deadlineSeconds: 30", "deadlineSeconds: 150")
        (repo.root / "evals/suites/support/colours.yaml").write_text(SUITE)
        repo.keep_suites({"support/colours"})
        with surrounded():
            evaluated = main(["-C", str(repo.root), "--json", "eval", "--evidence", "live"])
        assert evaluated == 0
        with up(repo) as found:
            yield found


def _point(file: Path, url: str) -> None:
    told = {"baseUrl": url, "apiType": "openai-chat"}
    lines = [(line.partition(":")[0], line) for line in file.read_text().splitlines()]
    file.write_text("".join(f"{key}: {told[key]}\n" if key in told else f"{line}\n" for key, line in lines))


@pytest.fixture
def look(asked: Repo, vendor: Vendor, moor: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    vendor.worse = vendor.refuses = False
    return lambda *more: moor("-C", asked.root, "drift", "local", "--behaviour", *more)


def test_the_same_model_answers_no_worse(look: Any) -> None:
    told = look("--json")
    assert (told.code, told.json["reason"], told.json["drifted"]) == (0, "in-sync", False)
    assert told.json["then"]["trials"] == told.json["now"]["trials"] == 10
    assert told.json["spent_usd"] > 0


def test_a_model_that_silently_answers_worse_is_caught_with_its_case_and_its_fingerprint(
    look: Any, vendor: Vendor
) -> None:
    vendor.worse = True
    told = look("--json")
    assert (told.code, told.json["reason"], told.json["drifted"]) == (1, "drifted", True)
    assert told.json["worse"] == ["support/colours/sky"]
    assert told.json["models"] == {"then": ["gpt-4.1-2025-04-14 fp_old"], "now": ["gpt-4.1-2025-04-14 fp_new"]}
    assert (told.json["then"]["pass_rate"], told.json["now"]["pass_rate"]) == (1.0, 0.5)
    shown = look().out
    assert "worse: support/colours/sky" in shown
    assert "answered then by gpt-4.1-2025-04-14 fp_old, now by gpt-4.1-2025-04-14 fp_new" in shown


def test_more_refusals_are_drift_although_every_assertion_holds(look: Any, vendor: Vendor) -> None:
    vendor.refuses = True
    told = look("--json").json
    assert (told["now"]["pass_rate"], told["refuses_more"], told["drifted"]) == (1.0, True, True)


def test_a_budget_that_does_not_reach_is_no_success(look: Any) -> None:
    told = look("--budget", "0.000001", "--json")
    assert (told.code, told.json["reason"], told.json["complete"]) == (1, "inconclusive", False)
    assert told.json["now"]["trials"] == 0


def test_without_evidence_about_what_runs_nothing_is_compared(look: Any, asked: Repo, moor: Any) -> None:
    at = ("-C", asked.root)
    fix = ("model/openai/gpt-4-1", "options.temperature=0.9", "--reason", "why", "--for", "1h")
    assert moor(*at, "hotfix", "local", *fix, "--json").code == 0
    told = look("--json")
    assert (told.code, told.json["reason"]) == (1, "no-evidence")
    assert moor(*at, "drift", "local", "--heal", "--json").code == 0
