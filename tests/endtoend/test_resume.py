"""A slot is killed in the middle of a durable run: the other slot goes on with it."""

import os
import signal
import time

import pytest

pytestmark = pytest.mark.slow

WITHIN = 3.0
"""Seconds from the kill until the run goes on."""

SLOW = 1.5
"""Seconds that a model takes here to answer."""


def test_the_run_of_a_killed_slot_is_ended_by_the_other_and_its_effect_is_there_once(shop, eventually):
    shop.repo.edit("prompts/shared/tone.yaml", "version: 1.", "version: 2.")
    shop.repo.commit("tone")
    shop.moor("deploy", "local")
    before = shop.live
    shop.break_("latency", "--provider", "openai", "--seconds", str(SLOW))
    with shop.http() as http:
        body = {"message": "I want to speak to a human, my address is ann@example.com"}
        run = http.post("/agents/support/runs", json=body).json()["id"]
        eventually(lambda: shop.opened("ann@example.com"))
    time.sleep(0.3)
    os.kill(before["pid"], signal.SIGKILL)
    killed = time.time()
    with shop.http() as http:
        found = eventually(lambda: (got := http.get(f"/runs/{run}").json())["status"] == "done" and got)
    print(f"killed to ended: {found['updated_at'] - killed:.2f} s, of which the model took {SLOW:g} s")
    assert (found["resumed"], found["slot"] != before["colour"]) == (1, True)
    assert "opened ticket" in found["answer"]
    assert shop.opened("ann@example.com") == 1
    assert [(call["name"], call["outcome"], call["replayed"]) for call in found["tool_calls"]] == [
        ("open_ticket", "done", True)
    ]
    assert found["updated_at"] - killed < WITHIN + SLOW
