"""`moor drift` and `moor hotfix` with real processes: made, found, named, healed, adopted, and over by itself."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.operate.repository.host import Host
from tests.repository import Repo, copied, until, up

pytestmark = pytest.mark.slow

MODEL = "model/openai/gpt-4-1"
FILE = "configs/models/openai/gpt-4-1.yaml"
FIELD = f"{MODEL}:options.temperature"
WARMER = (MODEL, "options.temperature=0.9", "--reason", "it repeats itself")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """With environment `local` up, whose slots may take their time: a loaded machine is slow, not wrong."""
    repo = copied(tmp_path_factory.mktemp("running"))
    repo.edit("configs/environments/local.yaml", "deadlineSeconds: 30", "deadlineSeconds: 150")
    repo.commit("patience")
    with up(repo) as found:
        yield found


@pytest.fixture
def at(running: Repo, moor: Any) -> Iterator[Callable[..., Any]]:
    """Runs the command on an environment that is in sync; it is again afterwards."""

    def run(*arguments: str) -> Any:
        return moor("-C", running.root, *arguments)

    yield run
    running.git("reset", "-q", "--hard", "HEAD")
    assert run("deploy", "local", "--json").code == 0


def status(at: Any) -> dict[str, Any]:
    return dict(at("status", "local", "--json").json["environments"][0])


def test_a_hotfix_is_found_named_and_healed(at: Any, running: Repo) -> None:
    before = status(at)["live"]["digest"]
    assert at("drift", "local", "--json").json["in_sync"] is True
    made = at("hotfix", "local", *WARMER, "--for", "2h", "--json").json
    assert (made["reason"], made["kind"], made["lost"], made["base"]) == ("deployed", "hotfix", 0, before)

    found = at("drift", "local", "--json")
    assert (found.code, found.json["reason"]) == (1, "drifted")
    (one,) = found.json["differences"]
    assert (one["moved"], one["field"]) == ("changed in place", FIELD)
    assert (one["change"]["before"], one["change"]["after"]) == (0.2, 0.9)
    assert one["who"].endswith(": it repeats itself")
    assert "ends in 1:59:" in at("status", "local").out

    healed = at("drift", "local", "--heal", "--json")
    assert (healed.code, healed.json["reason"], healed.json["healed"]) == (0, "changed", [FIELD])
    assert (status(at)["live"]["digest"], status(at)["hotfixes"]) == (before, [])
    assert at("drift", "local").out.startswith("local: in sync with main\n")
    assert at("history", "local", "--verify").code == 0


def test_a_hotfix_ends_by_itself_when_its_time_is_over(at: Any) -> None:
    before = status(at)["live"]["digest"]
    made = at("hotfix", "local", *WARMER, "--for", "1m", "--json").json
    assert status(at)["live"]["digest"] == made["digest"]
    until(lambda: status(at)["live"]["digest"] == before, 120)
    entries = at("history", "local", "--limit", "100", "--json").json["entries"]
    returned = next(entry for entry in entries if entry["event"]["event"] == "requested")
    assert (returned["actor"], returned["event"]["kind"]) == ("supervisor", "return")
    assert at("drift", "local", "--json").json["in_sync"] is True


def test_without_a_supervisor_the_next_command_takes_it_back(
    at: Any, running: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = status(at)["live"]["digest"]
    at("hotfix", "local", *WARMER, "--for", "2h", "--json")
    os.kill(status(at)["supervisor"], signal.SIGKILL)
    late = time.time() + 3 * 3600
    monkeypatch.setattr(time, "time", lambda: late)
    told = at("drift", "local", "--json")
    monkeypatch.undo()
    assert (told.code, told.json["in_sync"], told.json["deployed"]) == (0, True, before)


def test_a_value_is_adopted_into_one_branch_and_one_pull_request_which_go_when_it_is_gone(
    at: Any, running: Repo, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.git("clone", "-q", "--bare", str(running.root), str(tmp_path / "remote.git"))
    running.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    with Host().serving() as host:
        for name, value in host.environ.items():
            monkeypatch.setenv(name, value)
        at("hotfix", "local", *WARMER, "--for", "2h", "--json")
        told = at("drift", "local", "--answer", "--json")
        assert (told.code, told.json["adopted"], told.json["pull_request"]) == (0, [FIELD], 1)
        diff = running.git("diff", "-U0", "main", "mooring/adopt-local")
        lines = [line for line in diff.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]
        assert lines == ["-version: 1.0.0", "+version: 1.0.1", "-  temperature: 0.2", "+  temperature: 0.9"]

        host.trouble = [401]
        again = at("drift", "local", "--adopt")
        assert (again.code, "could not be made" in again.err) == (0, True)

        at("drift", "local", "--heal", "--json")
        gone = at("drift", "local", "--answer", "--json")
        assert (gone.code, gone.json["closed"], host.pulls[0]["state"]) == (0, 1, "closed")
        assert running.git("ls-remote", "origin", "refs/heads/mooring/*") == ""
    running.git("remote", "remove", "origin")


def test_a_field_that_is_changed_again_and_again_is_contested(at: Any) -> None:
    often = ("hotfix", "local", MODEL, "options.topP=0.5", "--reason", "it repeats itself", "--for", "2h", "--json")
    for _ in range(3):
        at(*often)
        assert at("drift", "local", "--heal", "--json").code == 0
    at(*often)
    refused = at("drift", "local", "--heal")
    assert refused.code == 1
    assert "somebody fights us" in refused.error


def test_code_that_git_has_and_no_process_runs_is_found(at: Any, running: Repo) -> None:
    package = running.root / "scripts/mooring"
    package.mkdir(parents=True)
    (package / "main.py").write_text("print('newer')\n")
    running.commit("newer code")
    found = at("drift", "local", "--json").json["differences"]
    assert [one["moved"] for one in found] == ["other code"]
    running.git("reset", "-q", "--hard", "HEAD~1")
    assert at("drift", "local", "--heal", "--json").json["in_sync"] is True


def test_what_is_down_is_unknown_and_exit_1(repo: Repo, moor: Any) -> None:
    told = moor("-C", repo.root, "drift", "local", "--json")
    assert (told.code, told.json["reason"], told.json["in_sync"]) == (1, "unknown", False)
    assert "not running" in told.json["unknown"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((MODEL, "options.temprature=1"), "did you mean 'temperature'?"),
        (("model/openai/gpt-9", "options.temperature=1"), "has no model 'openai/gpt-9'"),
        (("environment/local", "target.listen=127.0.0.1:1"), "says where it runs"),
        (("guards/guards", "maxRisk=100"), "a release has no guards to change"),
        ((MODEL, "options.temperature"), "is no path=value"),
        ((MODEL, "options.temperature=hot"), "1 finding"),
        ((MODEL, "baseUrl=https://a:b12345678@example.com"), "1 finding"),
    ],
)
def test_a_hotfix_that_does_not_fit_is_a_line_and_changes_nothing(
    at: Any, arguments: tuple[str, ...], message: str
) -> None:
    before = status(at)["live"]
    told = at("hotfix", "local", *arguments, "--reason", "why", "--for", "1h")
    assert told.code in (1, 2)
    assert message in told.error
    assert status(at)["live"] == before
