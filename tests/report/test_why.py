"""What served a request is told as far as it is known: an old record has no tries, a release may be gone."""

import io
from typing import Any

import pytest

from mooring.report.console import Console
from mooring.report.why import show

DIGEST = f"sha256:{'a' * 64}"


def data(run: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "environment": "local",
        "run": {
            "id": "run_1",
            "agent": "support",
            "slot": "blue",
            "status": "done",
            "created": 1_795_997_000.0,
            "updated": 1_795_997_001.5,
            "parts": (),
            **dict.fromkeys(("tenant", "key", "user", "conversation", "languages", "ticket", "cached", "error")),
            "retries": 0,
            "hedges": 0,
            "resumed": 0,
            **(run or {}),
        },
        "release": {"digest": DIGEST, "deployed": None, "prompt": None, "resilience": None, "simulated": None},
        "commit": None,
        "live": None,
        "answered": {"rung": None, "tries": None, "more_tries": None, "rescued": 0, "written": None},
        "tools": [],
        "usage": None,
        "cost_usd": None,
        "evidence": [],
        **changes,
    }


def shown(told: dict[str, Any]) -> str:
    out = io.StringIO()
    show(told, Console(out, out, color=False))
    return out.getvalue()


def test_what_is_not_known_is_said_to_be_so() -> None:
    text = shown(data())
    assert text.splitlines()[0] == "run_1 of agent support in local: done after 1.50 s"
    for name in ("pull request", "live then", "cost"):
        assert f"{name:<13} not known\n" in text
    assert "deployed      not known: the ledger has no request for this release" in text
    assert "commit        not known" in text
    assert "evidence      none is kept about this release" in text
    assert "None" not in text


def test_what_is_out_of_the_ordinary_is_told() -> None:
    parts = (
        {"part": 0, "slot": "blue", "status": "awaiting-approval", "deaths": 1},
        {"part": 1, "slot": "green", "status": "done", "deaths": 0},
    )
    run = {"resumed": 2, "parts": parts, "hedges": 1, "cached": {"age": 60}, "ticket": "ticket_1", "tenant": "acme"}
    answered = {"rung": "L3", "tries": [], "more_tries": 7, "rescued": 1, "written": [{"rung": "L0", "characters": 12}]}
    text = shown(data(run, answered=answered))
    for said in (
        "answered by L3 (a saved or prepared answer)",
        "asked         2026-11-30T00:03:20Z, tenant acme",
        "resumed       2 times by another process",
        "deaths        its process died 1 time before it had ended",
        "parts         0 in blue: awaiting-approval; 1 in green: done",
        "hedges        1 rung asked beside a slow one",
        "rescued       1 time another rung went on with the stream (characters: L0 12)",
        "saved answer  age 60",
        "ticket        ticket_1",
    ):
        assert said in text, said


def test_evidence_says_on_which_the_release_went_out() -> None:
    suites = {"support/smoke": {"cases": 5, "passed": 4, "failed": 1}}
    one = {
        "digest": "x",
        "evidence": "live",
        "outcome": "pass",
        "verdict": "pass: 5 cases",
        "started": "",
        "suites": suites,
    }
    assert "evidence      live: pass, which it went out on; pass: 5 cases (support/smoke 4 of 5)" in shown(
        data(evidence=[{**one, "deployed": True}])
    )


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ({"phase": "idle", "digest": DIGEST}, "aaaaaaaaaaaa in blue, since 2026-11-30T00:03:20Z\n"),
        ({"phase": "baking", "digest": DIGEST}, "since 2026-11-30T00:03:20Z, while a rollout was baking\n"),
        ({"phase": "idle", "digest": f"sha256:{'b' * 64}"}, "another release than this run's"),
    ],
)
def test_what_was_live_then_is_told_with_what_was_under_way(live: dict[str, Any], said: str) -> None:
    assert said in shown(data(live={"slot": "blue", "since": 1_795_997_000.0, "seq": 3, **live}))


@pytest.mark.parametrize("error", [{"code": "run_crashed", "message": "each process died"}, "each process died"])
def test_a_run_that_failed_says_how(error: Any) -> None:
    text = shown(data({"status": "failed", "error": error}))
    assert "failed after 1.50 s" in text
    assert "each process died" in text.splitlines()[1]


def test_a_terminal_obeys_nothing_that_a_commit_or_a_tool_says() -> None:
    evil = "\x1b]0;owned\x07\u202e"
    commit = {
        "id": "c" * 40, "subject": evil, "author": evil, "url": f"https://git.example/{evil}",
        "pull_request": {"number": None, "url": f"https://git.example/{evil}"},
    }  # fmt: skip
    tries = [{"rung": evil, "model": evil, "outcome": evil, "seconds": 1.0}]
    answered = {"rung": evil, "tries": tries, "more_tries": 0, "rescued": 0, "written": None}
    tools = [{"name": evil, "outcome": evil, "seconds": 1.0}]
    names = ("tenant", "key", "user", "conversation", "agent", "id", "ticket")
    text = shown(data(dict.fromkeys(names, evil), commit=commit, answered=answered, tools=tools))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "\\u001b]0;owned" in text
