"""`moor doctor`: what is wrong, what is unknown, and a bare repository that is set once."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.operate.repository.remote import repository
from mooring.operate.repository.settings import access
from tests.operate.repository.settings.forge import Forge
from tests.operate.repository.standin import TOKEN

FIX = ("doctor", "--github", "--fix")


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    monkeypatch.delenv("MOORING_SETTINGS_TOKEN", raising=False)
    with Forge().serving() as server:
        server.repository = "tidewater/agents"
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def at(repo: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(repo.root)
    return repo


@pytest.mark.slow
def test_a_bare_repository_is_protected_by_one_command_and_the_second_has_nothing_to_do(
    forge: Forge, at: Any, moor: Any
) -> None:
    first = moor(*FIX, "--yes")
    assert first.code == 0
    lines = first.out.splitlines()
    assert lines[:2] == ["ruleset 'mooring': there is none", "  checks: ci, drill, evaluate"]
    assert "  reviewers: @tidewater/on-call" in lines
    assert lines[-1] == "set environment 'staging'"
    assert forge.environments["production"]["reviewers"] == [{"type": "Team", "id": 73}]
    changes = len(forge.changes)
    again = moor(*FIX, "--yes")
    assert (again.code, again.out) == (0, "every setting is as the document says: nothing to set\n")
    assert len(forge.changes) == changes
    told = moor("doctor", "--github", "--json").json["diagnoses"]
    assert [one["state"] for one in told if one["area"] == "settings" and one["check"] != "required checks"] == [
        "ok"
    ] * 7


@pytest.mark.slow
def test_nobody_is_changed_without_a_yes(forge: Forge, at: Any, moor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nobody is asked" in moor(*FIX).error
    assert moor(*FIX, "--json").code == 2
    terminal = io.StringIO("n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    declined = moor(*FIX)
    assert (declined.code, declined.out.splitlines()[-1]) == (1, "nothing was set")
    assert "set 9 values of tidewater/agents? [y/N]" in declined.out
    assert forge.changes == []


@pytest.mark.slow
def test_what_was_set_and_what_not_is_said_after_a_partial_failure(forge: Forge, at: Any, moor: Any) -> None:
    forge.denied = {("PUT", "environments/")}
    told = moor(*FIX, "--yes", "--json")
    assert (told.code, told.json["reason"]) == (1, "process")
    assert told.json["set"][0] == "ruleset 'mooring'"
    assert [one["setting"] for one in told.json["failed"]] == ["environment 'production'", "environment 'staging'"]
    assert "Administration: read and write" in told.json["failed"][0]["fix"]
    assert TOKEN not in told.out
    forge.denied = set()
    assert moor(*FIX, "--yes").code == 0


def test_without_a_token_or_a_repository_github_is_unknown_and_never_ok(
    at: Any, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GITHUB_REPOSITORY", "MOORING_SETTINGS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(access, "repository", repository.__wrapped__)  # which asks git once in a process
    told = moor("doctor", "--github", "--json")
    assert (told.code, told.json["reason"]) == (1, "unknown")
    assert told.json["diagnoses"][0]["what"].startswith("this repository is not on GitHub")
    at.git("remote", "add", "origin", "git@github.com:tidewater/agents.git")
    (one,) = moor("doctor", "--github", "--json").json["diagnoses"]
    assert one["what"] == "GitHub was not asked about tidewater/agents: there is no token"
    assert moor(*FIX, "--yes").code == 2


@pytest.mark.slow
def test_the_machine_and_its_environments_are_looked_at(forge: Forge, at: Any, moor: Any) -> None:
    told = moor("doctor", "local")
    assert told.code == 1
    assert "finding  environment  local does not run: nobody is answered\n" in told.out
    assert "fix: moor up local" in told.out
    assert "unknown  machine" not in told.out
    asked = moor("doctor", "--json").json["diagnoses"]
    assert {one["area"] for one in asked} >= {"machine", "environment", "settings", "secret", "owner"}
    assert "nothing of local was deployed here" in {one["what"] for one in asked}


def test_a_repository_without_the_document_says_how_to_begin_one(forge: Forge, at: Any, moor: Any) -> None:
    (at.root / "configs/operations/github.yaml").unlink()
    (one,) = moor("doctor", "--github", "--json").json["diagnoses"]
    assert (one["state"], one["fix"]) == ("unknown", "moor new repository github")


@pytest.mark.parametrize("arguments", [["--fix"], ["--github", "--yes"], ["local", "--github"], ["nowhere"]])
def test_calls_that_mean_nothing_are_refused(arguments: list[str], forge: Forge, at: Any, moor: Any) -> None:
    assert moor("doctor", *arguments).code == 2


@pytest.mark.slow
def test_settings_that_differ_are_drift_where_a_token_for_them_is_there(
    forge: Forge, at: Any, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fields() -> list[str]:
        return [one["field"] for one in moor("drift", "local", "--json").json["differences"]]

    assert [field for field in fields() if field.startswith("settings")] == []
    monkeypatch.setenv("MOORING_SETTINGS_TOKEN", TOKEN)
    assert "settings-changed:merging" in fields()
    assert moor(*FIX, "--yes").code == 0
    assert [field for field in fields() if field.startswith("settings")] == []
