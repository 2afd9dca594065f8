"""What an environment tells of itself: why a request was answered so, its log book, and its page."""

import json
import re
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main
from tests.repository import surrounded

pytestmark = pytest.mark.slow

POLICY = "prompts/shared/refund-policy.yaml"
SMOKE = "evals/suites/support/smoke.yaml"


def ask(url: str, text: str = "What can you do?") -> str:
    """A question; the name of the run that answered."""
    body = json.dumps({"model": "support", "messages": [{"role": "user", "content": text}]}).encode()
    request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["x-mooring-run"])


@pytest.fixture(scope="module")
def changed(running: Any) -> Any:
    """The same after a deployment, a rollback and a hotfix."""
    running.edit(POLICY, "within 30 days", "within 14 days")
    running.edit(SMOKE, "30 days", "14 days")
    fix = ("hotfix", "local", "model/openai/gpt-4-1", "options.temperature=0", "--reason", "dull", "--for", "1h")
    with surrounded():
        assert main(["-C", str(running.root), "--json", "bump"]) == 0
        running.commit("Refunds within 14 days (#12)")
        for command in (("deploy", "local"), ("rollback", "local"), fix):
            assert main(["-C", str(running.root), "--json", *command]) == 0
    return running


@pytest.fixture
def at(running: Any, moor: Any) -> Any:
    """The command in the repository of a running environment."""
    return lambda *arguments: moor("-C", running.root, *arguments)


@pytest.fixture
def url(at: Any) -> str:
    return str(at("status", "local", "--json").json["environments"][0]["url"])


def settled(at: Any, run: str) -> dict[str, Any]:
    """What `moor why` says once the run is written down."""
    for _ in range(100):
        said = at("why", run, "--json")
        if said.code == 0 and said.json["run"]["status"] == "done":
            return dict(said.json)
        time.sleep(0.05)
    raise AssertionError(f"{run} was never written down")


def test_why_names_the_release_the_commit_the_rung_and_the_cost(running: Any, at: Any, url: str) -> None:
    run = ask(url)
    told = settled(at, run)
    head = running.git("rev-parse", "HEAD").strip()
    assert (told["environment"], told["run"]["agent"], told["run"]["slot"]) == ("local", "support", "blue")
    assert (told["commit"]["id"], told["commit"]["subject"]) == (head, "documents")
    assert told["commit"]["pull_request"] is None, "nobody said which"
    assert told["release"]["digest"] == told["live"]["digest"] == told["run"]["release"]
    assert told["release"]["simulated"] is True
    assert (told["release"]["deployed"]["kind"], told["release"]["deployed"]["seq"]) == ("deploy", 1)
    assert [(each["rung"], each["outcome"]) for each in told["answered"]["tries"]] == [("L0", "answered")]
    assert told["cost_usd"] > 0
    assert told["usage"]["input_tokens"] > 0
    assert told["evidence"] == []
    text = at("why", run[:14]).out
    for line in (
        rf"{run} of agent support in local: done after \d+\.\d\d s, answered by L0",
        rf"commit +{head[:12]} documents",
    ):
        assert re.search(line, text), text
    assert re.search(r"pull request +not known", text)


def test_why_tells_each_try_and_each_tool(at: Any, url: str) -> None:
    assert at("simulate", "fault", "status", "--provider", "openai").code == 0
    try:
        told = settled(at, ask(url, "Where is order A-1001?"))
    finally:
        at("simulate", "clear")
    first, *_, last = told["answered"]["tries"]
    assert (first["rung"], first["outcome"]) == ("L0", "HTTP 503")
    assert (last["rung"], last["outcome"]) == ("L1", "answered")
    assert [(call["name"], call["outcome"]) for call in told["tools"]] == [("find_order", "done")]
    assert "HTTP 503" in at("why", told["run"]["id"]).out


def test_why_does_not_guess(at: Any, url: str) -> None:
    runs = [ask(url), ask(url)]
    for run in runs:
        settled(at, run)
    assert "is the beginning of run_" in at("why", "run_").error
    wrong = runs[0][:-1] + ("0" if runs[0][-1] != "0" else "1")
    assert "did you mean 'run_" in at("why", wrong).error
    assert "no run 'nothing' in local" in at("why", "nothing").error
    assert "RUN is empty" in at("why", " ").error
    assert "no environment 'lokal'" in at("why", runs[0], "lokal").error


def test_history_reads_as_a_log_book(changed: Any, at: Any) -> None:
    said = at("history", "local", "--json").json
    hotfix, back, deployed, *_, first = said["records"]
    assert [one["kind"] for one in (hotfix, back, deployed, first)] == ["hotfix", "rollback", "deploy", "deploy"]
    assert {one["outcome"] for one in said["records"]} == {"done"}
    assert deployed["subject"] == back["subject"] or back["subject"] == "documents"
    assert deployed["requests"]["lost"] == 0
    [change] = [one for one in deployed["changes"] if one["document"] == "prompt support/main"]
    assert "14 days" in change["sentence"]
    assert (first["previous"], first["changes"]) == (None, None)
    assert {entry["seq"] for entry in said["entries"]} == set(range(1, hotfix["last"] + 1))
    text = at("history", "local", "--limit", "3").out
    lines = text.splitlines()
    assert len([line for line in lines if not line.startswith("    ") and line]) == 3
    assert re.search(r"Z  deployed [0-9a-f]{12} in green by \S+, in \d+\.\d s\n", text)
    assert re.search(r"    commit [0-9a-f]{12} Refunds within 14 days \(#12\)\n", text)
    assert re.search(r"    model/openai/gpt-4-1 options.temperature until \S+Z: dull\n", text)
    assert "    0 of 0 requests lost; switched in" in text


def test_why_tells_the_hotfix(changed: Any, at: Any, url: str) -> None:
    told = settled(at, ask(url))
    assert [patch["reason"] for patch in told["release"]["deployed"]["hotfixes"]] == ["dull"]
    assert re.search(r"hotfix +model/openai/gpt-4-1 options.temperature by \S+ dull", at("why", told["run"]["id"]).out)


def test_history_shows_each_step_and_only_what_is_asked_for(changed: Any, at: Any) -> None:
    rows = at("history", "local", "--events", "--limit", "3").out.splitlines()
    assert (len(rows), rows[0].split()[:4]) == (4, ["SEQ", "AT", "ACTOR", "EVENT"])
    assert at("history", "local", "--since", "2099-01-01").out == "nothing was done since then\n"
    assert at("history", "local", "--since", "2099-01-01", "--json").json["records"] == []
    assert len(at("history", "local", "--since", "1d", "--json").json["records"]) >= 4
    said = at("history", "local", "--since", "yesterday")
    assert (said.code, "'yesterday' is no time such as 2d" in said.error) == (2, True)
    assert at("history", "local", "--verify").out.endswith("an unbroken chain\n")


def test_the_status_has_what_the_page_shows(changed: Any, at: Any) -> None:
    changed.git("remote", "add", "origin", "git@github.com:acme/agents.git")
    data = at("status", "local", "--json").json["environments"][0]
    newest = data["deployments"][0]
    assert (newest["kind"], newest["outcome"], newest["lost"]) == ("hotfix", "done", 0)
    live = data["slots"][data["live"]["slot"]]
    assert live["commit"] is None, "a hotfix is of no commit"
    assert data["deployments"][1]["commit"] == data["deployments"][-1]["commit"] != data["deployments"][2]["commit"]
    assert (data["patrol"], data["silences"], data["drift"]) == (None, [], None)
    assert {one["holds"] for one in data["objectives"]} == {None}, "nothing was asked yet"
    assert at("status", "local").out.splitlines()[1].startswith("serving")


def test_the_page_is_written_whole_or_not_at_all(at: Any, tmp_path: Path) -> None:
    file = tmp_path / "status.html"
    assert at("status", "local", "--html", file).out.endswith(f"wrote {file}\n")
    text = file.read_text(encoding="utf-8")
    assert "local is serving" in text
    assert [path.name for path in tmp_path.iterdir()] == ["status.html"]
    assert at("status", "local", "--html", file, "--language", "zh-CN", "--json").json["ok"]
    assert "local 服务正常" in file.read_text(encoding="utf-8")
    said = at("status", "local", "--html", tmp_path / "no" / "such" / "folder.html")
    assert (said.code, "cannot write" in said.error) == (1, True)
    assert "one environment" in at("status", "--html", file).error
    for folder in (".", "..", "", tmp_path):
        said = at("status", "local", "--html", folder)
        assert (said.code, "is a folder" in said.error) == (2, True)


def test_a_page_of_what_does_not_run_says_so(moor: Any, repo: Any, tmp_path: Path) -> None:
    file = tmp_path / "status.html"
    assert moor("-C", repo.root, "status", "staging", "--html", file).code == 0
    assert "staging is down" in file.read_text(encoding="utf-8")
    assert "no run 'run_1' here" in moor("-C", repo.root, "why", "run_1").error
    assert moor("-C", repo.root, "history", "staging").out == "nothing was done yet\n"
