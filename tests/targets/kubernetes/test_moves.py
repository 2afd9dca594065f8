"""An environment moves from one machine into a cluster and back, while a run waits for a person."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from mooring.report.receipt import sentence
from tests.cluster.router import Router
from tests.repository import Repo, until
from tests.targets.kubernetes.declared import declare
from tests.targets.kubernetes.house import Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HERE = {"type": "local", "listen": "127.0.0.1:0"}
REFUND = "Please refund A-1009, the shoes are too small"


@dataclass(frozen=True)
class Caller:
    """Somebody with a key, wherever the environment is."""

    url: str
    key: str

    def send(self, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}{path}", data, headers), timeout=60) as answer:
            return json.load(answer)

    def waiting(self, say: str) -> str:
        """A run that waits for a person."""
        run = str(self.send("/agents/support/runs", {"message": say})["id"])
        until(lambda: self.status(run) not in ("queued", "running"), 60)
        seen = self.send(f"/runs/{run}")
        assert seen["status"] == "awaiting-approval", seen
        return run

    def status(self, run: str) -> str:
        return str(self.send(f"/runs/{run}")["status"])

    def approve(self, run: str) -> None:
        self.send(f"/runs/{run}/approve", {})
        until(lambda: self.status(run) == "done", 60)


@dataclass
class Asked:
    """What clients were told. `nobody` had no connection: where it moved from, an environment stops at last."""

    nobody: int = 0
    answered: int = 0
    errors: list[str] = field(default_factory=list)


@contextmanager
def asking(caller: Caller) -> Iterator[Asked]:
    """Three clients ask within the block."""
    seen, over = Asked(), threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            try:
                body = {"model": "support", "messages": [{"role": "user", "content": "What can you do?"}]}
                caller.send("/v1/chat/completions", body)
                seen.answered += 1
            except HTTPError as error:
                seen.errors.append(f"{error.code} {error.read()[:200]!r}")
            except OSError:
                seen.nobody += 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


@pytest.fixture
def home(at: Callable[..., Any], repo: Repo) -> Iterator[str]:
    """The environment on this machine, with its state in PostgreSQL; where it answers."""
    declare(repo, target=HERE)
    at("up", "local")
    yield str(at("status", "local")["environments"][0]["url"])
    at("down", "local")


def test_a_run_that_waits_is_finished_wherever_its_environment_has_moved_to(
    at: Callable[..., Any], repo: Repo, at_home: Place, home: str
) -> None:
    caller, approver = (
        at("keys", "create", "local", role, "--tenant", "someone", "--role", role)["key"]
        for role in ("caller", "approver")
    )
    time.sleep(2)  # keys are in force within a second
    run, second = (Caller(home, caller).waiting(REFUND) for _ in range(2))
    with asking(Caller(home, caller)) as asked:
        declare(repo, target=at_home.document())
        moved = at("up", "local")
    assert asked.errors == []
    assert asked.answered > 20
    assert (moved["kind"], moved["lost"], moved["standby"]) == ("deploy", 0, None)
    assert moved["previous"]
    assert sentence(moved).endswith("the previous release does not stand by here")
    with Router(at_home.plane, at_home.namespace, "local") as there:
        assert Caller(there.url, caller).status(run) == "awaiting-approval"
        Caller(there.url, approver).approve(run)
        with asking(Caller(there.url, caller)) as asked:
            declare(repo, target=HERE)
            back = at("up", "local")
        assert asked.errors == []
        assert asked.answered > 20
    assert (back["lost"], back["digest"]) == (0, moved["previous"])
    again = str(back["url"])
    assert Caller(again, caller).status(second) == "awaiting-approval"
    Caller(again, approver).approve(second)
