"""Bad input is one line and an exit code, never a traceback, and never half a state."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location

Arrange = Callable[[Any], None]


def nothing(repo: Any) -> None:
    return


def without_git(repo: Any) -> None:
    (repo.root / ".git").rename(repo.root.parent / "git")


def edited(path: str, old: str, new: str) -> Arrange:
    return lambda repo: repo.edit(path, old, new)


def written(path: str, content: bytes) -> Arrange:
    def write(repo: Any) -> None:
        (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
        (repo.root / path).write_bytes(content)

    return write


AGENT = "configs/agents/support.yaml"
CASES: dict[str, tuple[Arrange, list[str], int, str]] = {
    "unknown environment": (
        nothing,
        ["plan", "prod"],
        2,
        r"no environment 'prod' \(there are: local, production, staging\)",
    ),
    "unknown environment down": (nothing, ["down", "locl"], 2, r"no environment 'locl'; did you mean 'local'"),
    "unknown environment up": (nothing, ["up", "locl"], 2, r"no environment 'locl'; did you mean 'local'"),
    "unknown commit": (nothing, ["validate", "--against", "nowhere"], 2, r"git knows no commit 'nowhere'"),
    "unknown commit to plan": (nothing, ["plan", "local", "--against", "nowhere"], 2, r"git knows no commit"),
    "a commit like a flag": (nothing, ["validate", "--against=--all"], 2, r"git knows no commit '--all'"),
    "no git": (without_git, ["validate", "--against", "HEAD"], 2, r"not a git repository"),
    "no git to bump": (without_git, ["bump"], 2, r"not a git repository"),
    "no git for staging": (without_git, ["deploy", "staging"], 1, r"staging takes only what is committed"),
    "dirty": (
        edited(AGENT, "description: ", "description: New. "),
        ["deploy", "staging"],
        1,
        rf"staging takes only what is committed \(1 uncommitted: {AGENT}\)",
    ),
    "new file": (written("evals/new.yaml", b""), ["deploy", "production"], 1, r"uncommitted: evals/new.yaml"),
    "broken YAML": (written(AGENT, b"a: [1\nb: {"), ["validate"], 1, r"\d+ findings?"),
    "binary": (written(AGENT, bytes(range(256))), ["validate"], 1, r"\d+ findings?"),
    "huge": (written(AGENT, b"#" * 50_000_000), ["validate"], 1, r"\d+ findings?"),
    "unknown kind": (edited(AGENT, "kind: Agent", "kind: Agnt"), ["up"], 1, r"\d+ findings?"),
    "unknown key": (edited(AGENT, "resilience:", "resilence:"), ["deploy", "local"], 1, r"\d+ findings?"),
    "unknown document": (nothing, ["bump", "Agent/suport"], 2, r"no valid document is called .*did you mean"),
    "unknown release": (nothing, ["release", "show", "sha256:12"], 2, r"no stored release is sha256:12"),
    "no release file": (nothing, ["release", "verify", "no.json"], 2, r"no stored release is no.json"),
    "nothing runs": (nothing, ["rollback", "local"], 1, r"not running"),
    "nothing to restart": (nothing, ["restart", "local"], 1, r"not running"),
    "no such slot": (nothing, ["restart", "local", "bleu"], 2, r"unknown PROCESS 'bleu'; did you mean 'blue'"),
    "no number": (nothing, ["history", "local", "--limit", "0"], 2, r"not a number of 1 or more"),
    "plan to nowhere": (nothing, ["plan", "local", "--out", "/nowhere/x"], 1, r"cannot write /nowhere/x"),
    "no folder": (nothing, ["-C", "/nowhere", "validate"], 2, r"no repository here"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_line(name: str, moor: Any, repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arrange, arguments, code, message = CASES[name]
    arrange(repo)
    monkeypatch.chdir(repo.root)
    told = moor(*arguments)
    assert re.search(message, told.error)
    assert (told.code, told.out) == (code, "")
    if arguments[0] != "-C":
        assert moor(*arguments, "--json").json["ok"] is False
    assert not list(Path(repo.root).glob(".mooring/*/supervisor*"))


@pytest.mark.slow
def test_an_alias_bomb_is_a_finding_and_not_a_wait(moor: Any, repo: Any) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join([f'*{chr(97 + level)}'] * 9)}]\n" for level in range(12)
    )
    written("configs/agents/bomb.yaml", bomb.encode())(repo)
    told = moor("-C", repo.root, "validate")
    assert told.code == 1
    assert "configs/agents/bomb.yaml:" in told.err


def test_what_is_not_in_git_goes_out_in_development_only_and_is_said(
    moor: Any, repo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_git(repo)
    monkeypatch.setenv("MOORING_STATE", "/proc/nowhere")
    told = moor("-C", repo.root, "up")
    assert told.code == 1
    assert "moor: note: what goes out is not in git" in told.err
    assert "/proc/nowhere" in told.error


@pytest.mark.slow
def test_a_port_in_use_is_said_before_anything_starts(moor: Any, repo: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        repo.edit("configs/environments/local.yaml", "listen: 127.0.0.1:0", f"listen: 127.0.0.1:{port}")
        told = moor("-C", repo.root, "up", "--json")
    assert (told.code, told.json["reason"]) == (1, "port-in-use")
    assert str(port) in told.json["message"]
    assert moor("-C", repo.root, "status", "local", "--json").json["environments"][0]["running"] is False


@pytest.mark.slow
def test_the_second_of_two_deployments_is_told_who_is_first(moor: Any, repo: Any) -> None:
    book = Ledger(Location(repo.root / ".mooring/local", "local"))
    held = lease.acquire(book, "local", "@somebody", "deploy")
    try:
        told = moor("-C", repo.root, "deploy", "local", "--json")
        assert (told.code, told.json["reason"]) == (1, "locked")
        assert "@somebody" in told.json["message"]
        assert re.search(r"until \d\d:\d\d:\d\d UTC", told.json["message"])
        shown = moor("-C", repo.root, "status", "local").out
        assert "locked by @somebody (deploy" in shown
    finally:
        lease.release(book, held)
        book.close()
        moor("-C", repo.root, "down")
