"""The four failures that the runtime is for, each survived by the real processes under a person's commands."""

import threading
import time
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PHRASE = "What can you do?"
ORDER = "Where is my order A-1001?"
TOOL = 10.0
"""Seconds that find_order may take."""


def chat(http: Any, *texts: str, agent: str = "support", **more: Any) -> Any:
    messages = [{"role": "user" if i % 2 == 0 else "assistant", "content": text} for i, text in enumerate(texts)]
    answer = http.post("/v1/chat/completions", json={"model": agent, "messages": messages} | more)
    assert answer.status_code == 200, answer.text
    return answer


def said(answer: Any) -> str:
    return str(answer.json()["choices"][0]["message"]["content"])


def rung(answer: Any) -> str:
    return str(answer.headers["x-mooring-rung"])


def test_models_fail_one_after_the_other_and_somebody_always_answers(shop, eventually):
    with shop.http() as http:
        assert rung(chat(http, PHRASE)) == "L0"
        shop.break_("status", "--provider", "openai")
        assert rung(chat(http, PHRASE)) == "L1"
        shop.break_("status", "--provider", "anthropic", "--status", "529")
        assert rung(chat(http, PHRASE)) == "L2"
        shop.break_("hang", "--provider", "local")

        saved = chat(http, PHRASE)
        assert (rung(saved), "(saved answer, " in said(saved)) == ("L3", True)
        assert int(saved.headers["x-mooring-cached-age"]) >= 0
        sorry = chat(http, "Do you repair tents?", stream=False)
        ticket = sorry.headers["x-mooring-ticket"]
        assert (rung(sorry), ticket in said(sorry)) == ("L4", True)
        assert http.get(f"/tickets/{ticket}").json()["status"] == "queued"

        shop.mend()
        kept = eventually(lambda: (found := http.get(f"/tickets/{ticket}").json())["status"] == "done" and found, 60)
        assert (kept["rung"] in ("L0", "L1", "L2"), "repair" in kept["answer"].lower()) == (True, True)
        eventually(lambda: rung(chat(http, PHRASE)) == "L0")


def test_a_stream_that_breaks_off_is_finished_by_the_next_vendor(shop):
    shop.break_("cut-stream", "--provider", "openai", "--count", "1")
    with shop.http() as http:
        text = chat(http, ORDER, stream=True).text
    assert text.rstrip().endswith("data: [DONE]")
    assert '"rescued":1' in text or '"rung":"L1"' in text


def test_a_tool_that_hangs_is_given_up_and_the_agent_says_so(shop):
    shop.break_("hang", "--service", "shop")
    with shop.http() as http:
        started = time.monotonic()
        run = http.post("/agents/support/runs?wait=true", json={"message": ORDER}).json()
        seconds = time.monotonic() - started
    assert (run["status"], run["rung"]) == ("done", "L0")
    assert "cannot look up orders" in run["answer"]
    assert [(call["name"], call["outcome"]) for call in run["tool_calls"]] == [("find_order", "timeout")]
    assert TOOL <= seconds < TOOL + 10


def test_a_slot_that_outgrows_its_memory_is_replaced_and_nobody_notices(shop, eventually):
    before = shop.live
    problems: list[str] = []
    answered = 0
    over = threading.Event()

    def client() -> None:
        nonlocal answered
        with shop.http() as http:
            while not over.is_set():
                try:
                    chat(http, PHRASE)
                    answered += 1
                except Exception as error:  # noqa: BLE001 - every one of them is a lost request
                    problems.append(repr(error))

    clients = [threading.Thread(target=client) for _ in range(4)]
    for each in clients:
        each.start()
    shop.leak(600)
    eventually(lambda: shop.live["pid"] not in (None, before["pid"]), 60)
    time.sleep(0.5)
    over.set()
    for each in clients:
        each.join()

    assert problems == []
    assert answered > 10
    after = shop.live
    assert (after["colour"], after["restarts"]) == (before["colour"], 0)
    assert after["runtime"]["memory"]["ratio"] < 0.8


def test_a_conversation_longer_than_the_window_is_answered_and_its_start_remembered(shop):
    with shop.http() as http:
        talk = [f"Hello, this is about my order A-1001. {'I wait. ' * 90}", "Hello."]
        for number in range(20):
            talk += [f"Something else, number {number}: {'tents and boots, ' * 70}", f"Noted. {'Of course. ' * 70}"]
        answer = chat(http, *talk, "So where is my order?")
        assert rung(answer) == "L0"
        assert "A-1001" in said(answer)
        trims = [
            line for line in http.get("/metrics").text.splitlines() if line.startswith("mooring_context_trims_total")
        ]
    assert trims
    assert shop.live["runtime"]["context_ratio"] > 1
