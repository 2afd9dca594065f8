"""The comment with the plans, against a stand-in for GitHub's REST API on loopback."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / ".github/actions/comment/comment.py"
COMMIT = "c0ffee" + "0" * 34


class Api(ThreadingHTTPServer):
    """Pull request 7, whose head is COMMIT, with its comments."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.head = COMMIT
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.startswith("/repos/shop/agents/pulls?"):
            self.reply([{"number": 7, "head": {"sha": self.server.head}}])
        else:
            self.reply(self.server.comments if self.path.endswith("&page=1") else [])

    def do_POST(self) -> None:
        assert self.path == "/repos/shop/agents/issues/7/comments"
        self.server.comments.append({"id": 1, "user": {"login": "github-actions[bot]"}, "body": self.body()})
        self.reply({})

    def do_PATCH(self) -> None:
        found = [comment for comment in self.server.comments if self.path.endswith(f"/issues/comments/{comment['id']}")]
        found[0]["body"] = self.body()
        self.reply({})

    def body(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def reply(self, data: object) -> None:
        assert self.headers["Authorization"] == "Bearer secret-token"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("comment", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plan(folder: Path, environment: str, text: str) -> None:
    path = folder / f"plan-{environment}" / "plan.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(api: Api, plans: Path) -> subprocess.CompletedProcess[str]:
    settings = {
        "PLANS": str(plans),
        "HEAD_OWNER": "stranger",
        "HEAD_BRANCH": "better&prompt",
        "HEAD_COMMIT": COMMIT,
        "GITHUB_API_URL": f"http://127.0.0.1:{api.server_port}",
        "GITHUB_REPOSITORY": "shop/agents",
        "GH_TOKEN": "secret-token",
    }
    return subprocess.run([sys.executable, SCRIPT], env=os.environ | settings, capture_output=True, text=True)


def test_the_first_run_comments_and_later_ones_update_that_comment(api: Api, tmp_path: Path) -> None:
    plan(tmp_path, "production", "1 change")
    assert run(api, tmp_path).stdout == "commented on #7\n"
    plan(tmp_path, "production", "2 changes")
    assert run(api, tmp_path).stdout == "updated the comment on #7\n"
    assert [comment["body"].count("2 changes") for comment in api.comments] == [1]
    assert api.asked[0].endswith("/pulls?state=open&head=stranger%3Abetter%26prompt")


def test_a_comment_of_somebody_else_is_left_alone(api: Api, tmp_path: Path, script: ModuleType) -> None:
    api.comments.append({"id": 5, "user": {"login": "stranger"}, "body": f"{script.MARK} mine"})
    plan(tmp_path, "staging", "1 change")
    run(api, tmp_path)
    assert api.comments[0]["body"] == f"{script.MARK} mine"
    assert len(api.comments) == 2


def test_a_pull_request_that_has_moved_on_gets_no_comment(api: Api, tmp_path: Path) -> None:
    api.head = "f" * 40
    plan(tmp_path, "staging", "1 change")
    assert run(api, tmp_path).stdout == "no open pull request at this commit: nothing to say\n"
    assert api.comments == []


def test_without_plans_nothing_is_said_or_asked(api: Api, tmp_path: Path) -> None:
    assert run(api, tmp_path).returncode == 0
    assert api.asked == []


def test_an_unreachable_github_is_one_line_and_a_failure(tmp_path: Path) -> None:
    with Api() as closed:
        pass
    plan(tmp_path, "staging", "1 change")
    done = run(closed, tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("::error::GitHub did not take the comment: ")
    assert done.stderr == ""


def test_a_plan_cannot_leave_its_fence(script: ModuleType) -> None:
    lines = script.fenced("```\n@everyone ![](https://example.org/pixel)\n````\n", 1000).splitlines()
    assert lines[0] == "`````text"
    assert lines[-1] == "`````"


def test_control_characters_are_dropped(script: ModuleType) -> None:
    assert script.fenced("a\x1b[31mb\u202ec\r\x00", 1000) == "```text\na[31mbc\n```"


@pytest.mark.parametrize("text", ["x" * 1_000_000, "`" * 1_000_000, "\n" * 1_000_000])
def test_a_huge_plan_is_cut_to_what_github_takes(script: ModuleType, text: str) -> None:
    assert len(script.body({"production": text, "staging": text}, COMMIT)) < 65_536


def test_links_and_strange_names_are_passed_over(tmp_path: Path, script: ModuleType) -> None:
    secret = tmp_path / "secret"
    secret.write_text("token")
    plans = tmp_path / "plans"
    plan(plans, "staging", "1 change")
    plan(plans, "a](b) @everyone", "1 change")
    (plans / "plan-linked").mkdir()
    (plans / "plan-linked/plan.txt").symlink_to(secret)
    assert script.read(plans) == {"staging": "1 change"}
