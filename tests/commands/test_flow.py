"""The whole way, with real processes: up, an edit, a plan, a deployment, a revert that flips, a rollback, down."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from mooring.commands.ask import ask

pytestmark = pytest.mark.slow

QUESTION = "Within how many days can I get a refund?"
POLICY = "prompts/shared/refund-policy.yaml"
SMOKE = "evals/suites/support/smoke.yaml"

OVERRIDE = """\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: moved
version: 1.0.0
description: Lets the endpoint move.
owner: "@tidewater/platform"
plan: {plan}
guards: [{guards}]
reason: The service moved.
expires: 2099-01-01T00:00:00Z
"""


@pytest.fixture
def url(running: Any, moor: Any) -> str:
    return str(moor("-C", running.root, "status", "local", "--json").json["environments"][0]["url"])


def answer(url: str) -> str:
    return ask(url, "support", QUESTION).text


def shorten(running: Any, days: int) -> None:
    """The policy, and what the rollout expects to be told of it."""
    running.edit(POLICY, "within 30 days", f"within {days} days")
    running.edit(SMOKE, "30 days", f"{days} days")


def test_from_an_edit_to_traffic_and_back_by_a_revert(running: Any, moor: Any, url: str) -> None:
    at = ("-C", running.root)
    assert "30 days" in answer(url)
    shorten(running, 14)
    assert {bump["name"] for bump in moor(*at, "bump", "--json").json["bumps"]} == {
        "shared/refund-policy",
        "support/smoke",
    }
    plan = moor(*at, "plan", "local", "--json").json
    assert {change["name"] for change in plan["changes"]} == {"support/main"}
    running.commit("shorter refunds")

    deployed = moor(*at, "deploy", "local", "--plan", plan["plan"])
    assert (deployed.code, deployed.err) == (0, "")
    lines = deployed.out.splitlines()
    assert lines[0].startswith("staging ")
    assert lines[-1].startswith("0 of ")
    assert lines[-1].endswith("; the previous release stays warm in blue")
    assert "14 days" in answer(url)

    running.git("revert", "--no-edit", "HEAD")
    flipped = moor(*at, "deploy", "local", "--json").json
    assert (flipped["kind"], flipped["slot"], flipped["lost"]) == ("flip", "blue", 0)
    assert flipped["seconds"] < 2
    assert "30 days" in answer(url)


def test_a_rollback_flips_tells_git_and_quarantines(running: Any, moor: Any, url: str) -> None:
    at = ("-C", running.root)
    shorten(running, 7)
    running.commit("even shorter refunds")
    bad = moor(*at, "deploy", "local", "--json").json["digest"]
    assert "7 days" in answer(url)

    back = moor(*at, "rollback", "local", "--json").json
    assert (back["reason"], back["kind"], back["lost"]) == ("rolled-back", "rollback", 0)
    assert "30 days" in answer(url)
    branch = back["revert"]["branch"]
    assert "within 30 days" in running.git("show", f"{branch}:{POLICY}")
    assert "within 7 days" in (running.root / POLICY).read_text()

    again = moor(*at, "deploy", "local")
    assert again.code == 1
    assert bad.removeprefix("sha256:")[:12] in again.error
    assert moor(*at, "status", "local", "--json").json["environments"][0]["quarantined"] == bad
    running.git("reset", "-q", "--hard", branch)
    assert moor(*at, "deploy", "local", "--json").json["reason"] == "in-sync"


@contextmanager
def asking(url: str, clients: int = 4) -> Iterator[list[str]]:
    """Clients that ask without a pause; what they hear. One that is not answered fails the test."""
    heard: list[str] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            heard.append(answer(url))

    with ThreadPoolExecutor(clients) as pool:
        asked = [pool.submit(keep_asking) for _ in range(clients)]
        try:
            yield heard
        finally:
            stop.set()
    for client in asked:
        client.result()


def test_under_load_every_request_is_answered_by_one_release_or_the_other(running: Any, moor: Any, url: str) -> None:
    at = ("-C", running.root)
    running.edit(POLICY, "within 30 days", "within 21 days")
    running.edit(SMOKE, "30 days", "21 days")
    running.commit("refunds under load")
    with asking(url) as heard:
        deployed = moor(*at, "deploy", "local", "--json").json
        running.git("revert", "--no-edit", "HEAD")
        flipped = moor(*at, "deploy", "local", "--json").json
    assert (deployed["lost"], deployed["failed"], flipped["lost"], flipped["failed"]) == (0, 0, 0, 0)
    assert deployed["received"] > 0
    assert {days for days in ("30 days", "21 days") for said in heard if days in said} == {"30 days", "21 days"}
    assert all("30 days" in said or "21 days" in said for said in heard)


def test_guards_hold_until_an_override_and_never_for_a_way_back(running: Any, moor: Any) -> None:
    at = ("-C", running.root)
    running.edit("configs/tools/shop/search-help.yaml", "path: /help", "path: /help/")
    running.commit("another endpoint")
    refused = moor(*at, "deploy", "local")
    assert refused.code == 1
    assert refused.error.startswith("guard ")
    assert "configs/overrides/" in refused.out

    plan = moor(*at, "plan", "local", "--json").json
    guards = ", ".join(refusal["guard"] for refusal in plan["refusals"])
    (running.root / "configs/overrides").mkdir()
    (running.root / "configs/overrides/moved.yaml").write_text(OVERRIDE.format(plan=plan["plan"], guards=guards))
    running.commit("override it")
    assert moor(*at, "deploy", "local", "--plan", plan["plan"], "--json").json["kind"] == "deploy"

    running.git("revert", "--no-edit", "HEAD~2..HEAD")
    assert moor(*at, "plan", "local", "--json").json["reason"] == "guarded"
    assert moor(*at, "deploy", "local", "--json").json["kind"] == "flip"


@pytest.mark.parametrize("digest", ["", "sha256:" + "0" * 64])
def test_another_plan_than_the_reviewed_one_is_refused(digest: str, running: Any, moor: Any) -> None:
    told = moor("-C", running.root, "deploy", "local", f"--plan={digest}", "--json")
    assert (told.code, told.json["reason"]) == (1, "plan-mismatch")


def test_everything_is_in_the_ledger(running: Any, moor: Any) -> None:
    told = moor("-C", running.root, "history", "local", "--verify", "--limit", "1000")
    assert told.code == 0
    assert told.out.splitlines()[-1].endswith("entries, an unbroken chain")
    entries = moor("-C", running.root, "history", "local", "--json", "--limit", "3").json["entries"]
    assert [entry["seq"] for entry in entries] == sorted((entry["seq"] for entry in entries), reverse=True)
    assert json.dumps(entries)


@pytest.mark.parametrize("process", [None, "supervisor"])
def test_a_restart_keeps_the_release_and_the_address(process: str | None, running: Any, moor: Any, url: str) -> None:
    name = [process] if process else []
    told = moor("-C", running.root, "restart", "local", *name)
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines()[-1] == f"{process or serving(running, moor)} is ready"
    assert "30 days" in answer(url)


def serving(running: Any, moor: Any) -> str:
    return str(moor("-C", running.root, "status", "local", "--json").json["environments"][0]["live"]["slot"])


def test_status_says_what_stands_where(running: Any, moor: Any) -> None:
    told = moor("-C", running.root, "status")
    head, judged, columns, *rows = told.out.splitlines()
    assert head.startswith("local  http://127.0.0.1:")
    assert judged.split(":")[0] in ("serving", "degraded")
    assert columns.split()[:3] == ["SLOT", "STATE", "DIGEST"]
    assert {row.split()[1] for row in rows[:2]} <= {"live", "warm", "empty", "starting"}
    assert any(row.split()[:3] == ["support", "L0", "openai/gpt-4-1"] for row in rows)
    assert "production  not running" in told.out


@pytest.mark.parametrize("process", ["blue", "green", "supervisor", "simulator"])
def test_logs_are_lines(process: str, running: Any, moor: Any) -> None:
    told = moor("-C", running.root, "logs", "local", process, "--lines", "2", "--json")
    assert told.code == 0
    assert len(told.json["lines"]) <= 2


def test_a_stored_release_can_be_shown_and_verified_by_the_beginning_of_its_digest(running: Any, moor: Any) -> None:
    at = ("-C", running.root)
    digest = moor(*at, "release", "show", "local", "--json").json["digest"]
    assert moor(*at, "release", "verify", digest[:17]).out.startswith(digest)
    assert moor(*at, "release", "show", digest[:17], "--json").json["digest"] == digest


def test_what_was_down_comes_back_as_it_was(running: Any, moor: Any) -> None:
    at = ("-C", running.root)
    before = moor(*at, "status", "local", "--json").json["environments"][0]["live"]["digest"]
    assert moor(*at, "down").out == "local is down\n"
    assert moor(*at, "down").out == "local was not running\n"
    told = moor(*at, "up")
    assert (told.code, told.err) == (0, "")
    assert before in told.out
    assert "curl -s http://127.0.0.1:" in told.out
    assert told.out.splitlines()[-1].startswith("I am the support assistant")
