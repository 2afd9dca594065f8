"""`moor models check`, and an environment in which one provider is real and the others are played."""

from collections.abc import Iterator
from typing import Any

import pytest

from mooring.commands.ask import ask
from tests.modelserver import ModelServer, model_server
from tests.repository import Repo, copied, up

LOCAL = "configs/environments/local.yaml"
OPENAI = "configs/models/openai/gpt-4-1.yaml"
MIXED = "endpoints: {openai: real, anthropic: simulated, local: simulated}"
KEY = "sk-hunter22-abcdefghijklmnop"


def mixed(repo: Repo, server: ModelServer) -> None:
    """One provider is real, at a stand-in."""
    repo.edit(LOCAL, "endpoints: simulated", MIXED)
    repo.edit(OPENAI, "baseUrl: https://api.openai.com/v1", f"baseUrl: {server.url}")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(key=KEY) as started:
        yield started


@pytest.mark.slow
def test_one_real_model_is_asked_and_the_others_are_listed(
    repo: Repo, moor: Any, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed(repo, server)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    told = moor("-C", repo.root, "models", "check")
    assert told.code == 0, told.err
    columns, anthropic, local, openai, summary = told.out.splitlines()
    assert columns.split() == ["MODEL", "PROVIDER", "FIRST", "WHOLE", "TEXT", "TOOLS", "STREAM", "JSON", "TOKENS"]
    assert anthropic.split() == ["anthropic/claude-sonnet-4-5", "anthropic", "simulated", *["-"] * 6]
    assert local.split()[1:3] == ["local", "simulated"]
    assert openai.split()[-8:] == ["yes", "yes", "yes", "yes", "80", "in,", "20", "out"]
    assert summary == "1 of 1 real model answers in every way that its agents need; it cost about $0.000320"
    assert len(server.asked) == 4


def test_as_json_it_says_the_same(repo: Repo, moor: Any, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed(repo, server)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-abcdefghijklmnop")
    told = moor("-C", repo.root, "models", "check", "local", "--json")
    assert (told.code, told.json["reason"], told.json["environment"]) == (1, "findings", "local")
    by_name = {one["model"]: one for one in told.json["models"]}
    assert {name: one["well"] for name, one in by_name.items()} == {
        "anthropic/claude-sonnet-4-5": None,
        "local/qwen2-5-3b-instruct": None,
        "openai/gpt-4-1": False,
    }
    assert "refuses the key in OPENAI_API_KEY (HTTP 401, invalid_api_key)" in by_name["openai/gpt-4-1"]["trouble"]
    assert "sk-wrong" not in told.out + told.err


def test_a_missing_key_is_a_line_and_a_failure(
    repo: Repo, moor: Any, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed(repo, server)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    told = moor("-C", repo.root, "models", "check", "local", "--model", "openai/gpt-4-1")
    where = "export it here, and where the runner and the supervisor of local start"
    assert told.code == 1
    assert f"openai/gpt-4-1: OPENAI_API_KEY is not set: {where}" in told.out.splitlines()
    assert "anthropic" not in told.out
    assert server.asked == []


def test_where_nothing_is_real_nobody_was_asked_and_that_is_no_success(repo: Repo, moor: Any) -> None:
    told = moor("-C", repo.root, "models", "check", "local")
    assert told.code == 1
    assert told.error == "every model is simulated in local: nobody was asked"
    assert "fix: endpoints: real, or by provider, in configs/environments/local.yaml" in told.err
    assert told.out.count("simulated") == 3
    data = moor("-C", repo.root, "models", "check", "local", "--model", "openai/gpt-4-1", "--json")
    assert (data.code, data.json["reason"]) == (1, "empty-set")


def test_an_unknown_model_is_a_mistake_of_the_command_line(repo: Repo, moor: Any) -> None:
    told = moor("-C", repo.root, "models", "check", "local", "--model", "openai/gpt-4-2")
    assert told.code == 2
    assert "no agent of local uses a model 'openai/gpt-4-2'; did you mean 'openai/gpt-4-1'?" in told.error


def test_a_provider_that_is_left_out_is_a_finding(repo: Repo, moor: Any) -> None:
    repo.edit(LOCAL, "endpoints: simulated", "endpoints: {openai: real, anthropic: simulated}")
    told = moor("-C", repo.root, "models", "check", "local")
    assert told.code == 1
    said = "its agents use models of 'local', and nothing says whether they are simulated or real"
    assert f"{LOCAL}:12 endpoints: {said}" in told.out + told.err


def test_a_plan_names_the_provider(repo: Repo, moor: Any) -> None:
    repo.edit(LOCAL, "endpoints: simulated", MIXED)
    told = moor("-C", repo.root, "plan", "local", "--against", "main")
    assert "openai: simulated → real" in told.out
    assert "anthropic:" not in told.out


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repo, ModelServer]]:
    """Environment `local` up, with a real provider."""
    with model_server(key=KEY) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        patch.setenv("ANTHROPIC_API_KEY", "")
        found = copied(tmp_path_factory.mktemp("served"))
        mixed(found, server)
        found.edit(LOCAL, "deadlineSeconds: 30", "deadlineSeconds: 150")
        # The stand-in says one word to every question; the other agent begins with a simulated provider.
        text = (found.root / LOCAL).read_text()
        (found.root / LOCAL).write_text(text.replace("(?i)orders?\\b", "pong"))
        found.keep_suites({"incident/smoke"})
        with up(found):
            yield found, server


@pytest.mark.slow
def test_a_real_provider_serves_beside_simulated_ones(served: tuple[Repo, ModelServer], moor: Any) -> None:
    repo, server = served
    data = moor("-C", repo.root, "status", "local", "--json").json["environments"][0]
    assert data["endpoints"] == {"anthropic": "simulated", "local": "simulated", "openai": "real"}
    answer = ask(data["url"], "support", "What can you do?")
    assert (answer.text, answer.rung, answer.simulated) == ("pong", "L0", False)
    first = moor("-C", repo.root, "status", "local").out.splitlines()[0]
    assert "simulated models of anthropic, local and services" in first
    assert first.endswith("real models of openai")
    server.fault = "fails"
    try:
        answer = ask(data["url"], "support", "What can you do?")
    finally:
        server.fault = ""
    assert (answer.rung, answer.simulated) == ("L1", True)


@pytest.mark.slow
def test_only_what_is_simulated_can_be_broken(served: tuple[Repo, ModelServer], moor: Any) -> None:
    repo, _ = served
    for target in (("--provider", "openai"), ("--model", "openai/gpt-4-1")):
        told = moor("-C", repo.root, "simulate", "fault", "status", *target)
        assert told.code == 1
        assert told.error == f"{target[1]} answers itself in local; only simulated endpoints can be broken"
    assert moor("-C", repo.root, "simulate", "fault", "status", "--provider", "anthropic").code == 0
    assert moor("-C", repo.root, "simulate", "clear").code == 0
