"""`/agent logs` shows few, short lines of one agent, without secrets and without what anybody said."""

import json
from typing import Any

from mooring.chat.actions.agent.logs import LONGEST, MOST, SHOWN, about


def line(agent: str, event: str = "run ended", **more: Any) -> str:
    head = {"time": "2026-03-01T12:00:01.500+00:00", "level": "info", "event": event, "agent": agent, "slot": "blue"}
    return json.dumps({**head, **more})


def test_of_all_lines_the_last_about_the_agent_are_shown_in_words() -> None:
    lines = [line("desk", run="run_1", rung="L0", seconds=0.42, problem=""), "Traceback", "[1, 2]", line("sales")]
    assert about(lines, "desk") == ["12:00:01 info run ended run=run_1 rung=L0 seconds=0.42"]
    assert about(lines, "nobody") == []


def test_the_newest_are_kept_and_the_newest_is_last() -> None:
    lines = [line("desk", run=f"run_{number}") for number in range(100)]
    found = about(lines, "desk")
    assert len(found) == SHOWN
    assert found[-1].endswith("run=run_99")


def test_what_is_long_is_cut_and_all_together_fit_a_message() -> None:
    found = about([line("desk", detail="x" * 5000)] * 30, "desk")
    assert max(map(len, found)) == LONGEST
    assert sum(len(one) + 1 for one in found) <= MOST


def test_neither_secrets_nor_questions_nor_line_ends_get_through() -> None:
    key = "sk-" + "proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"
    [shown] = about([line("desk", question="my name is Ann", detail=f"{key}\n```\nforged\x1b[31m\u202e")], "desk")
    assert "Ann" not in shown
    assert key not in shown
    assert shown.isprintable()
