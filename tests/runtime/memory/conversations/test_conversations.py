"""Conversations that the server remembers, over real sockets and by both slots."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mooring.runtime.memory.conversations.archive import Archive
from mooring.state.database import Database
from mooring.state.engine.engine import url_of
from tests.runtime.hosting import Serving
from tests.runtime.stub import Reply, Stub

Serve = Callable[..., Serving]


def say(serving: Serving, text: str, name: str = "c1", **more: Any) -> httpx2.Response:
    return serving.chat(text, metadata={"conversation": name, "of": "the client"}, **more)


def sent(stub: Stub, model: str = "primary-1", number: int = -1) -> list[str]:
    return [str(message["content"]) for message in stub.asked(model)[number]["messages"]]


def stored(tmp_path: Path) -> sqlite3.Connection:
    return sqlite3.connect(tmp_path / "state" / "state.db", timeout=0, isolation_level=None)


def test_the_server_knows_what_was_said_before(serve: Serve, stub: Stub) -> None:
    serving = serve()
    stub.script("primary-1", Reply("nice to meet you"), Reply("you are Ada"))
    say(serving, "I am Ada")
    answer = say(serving, "who am I?")

    assert answer.headers["x-mooring-conversation"] == "c1"
    assert sent(stub) == [
        "You serve Tidewater.",
        "Customer: I am Ada",
        "nice to meet you",
        "Customer: who am I?",
    ]
    shown = serving.http.get("/conversations/c1").json()
    assert (shown["id"], shown["agent"], shown["turns"]) == ("c1", "support", 2)
    assert [(message["role"], message["content"]) for message in shown["messages"]] == [
        ("user", "Customer: I am Ada"),
        ("assistant", "nice to meet you"),
        ("user", "Customer: who am I?"),
        ("assistant", "you are Ada"),
    ]


def test_tool_calls_are_remembered_with_their_returns(serve: Serve, stub: Stub) -> None:
    serving = serve()
    stub.script("primary-1", Reply(tool=("find_order", {"order": "TW-1"})), Reply("on its way"), Reply("yes"))
    stub.script("shop", Reply(body={"state": "sent"}))
    say(serving, "where is TW-1?")
    say(serving, "really?")

    roles = [message["role"] for message in stub.asked("primary-1")[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert [message["role"] for message in serving.http.get("/conversations/c1?turns=2").json()["messages"]] == [
        *("user", "assistant", "tool", "assistant"),
        *("user", "assistant"),
    ]


def test_a_streamed_turn_is_remembered(serve: Serve, stub: Stub) -> None:
    serving = serve()
    stub.script("primary-1", Reply("one two"), Reply("three"))
    streamed = say(serving, "count", stream=True)
    say(serving, "on")

    assert streamed.headers["x-mooring-conversation"] == "c1"
    assert sent(stub)[1:3] == ["Customer: count", "one two "]


def test_a_conversation_goes_on_in_the_other_slot_and_back(serve: Serve, stub: Stub) -> None:
    blue, green = serve(slot="blue"), serve(slot="green")
    for number, slot in enumerate((blue, green, blue, green)):
        say(slot, f"turn {number}")

    assert [text for text in sent(stub) if "turn" in text] == [f"Customer: turn {number}" for number in range(4)]


def test_a_new_conversation_gets_a_name_that_nobody_guesses(serve: Serve, stub: Stub) -> None:
    serving = serve()
    names = {say(serving, "hi", "new").headers["x-mooring-conversation"] for _ in range(3)}

    assert len(names) == 3
    assert all(len(name) >= 32 for name in names)
    say(serving, "again", names.pop())
    assert sent(stub)[1:] == ["Customer: hi", "hello", "Customer: again"]


def test_a_run_may_be_a_turn(serve: Serve, stub: Stub) -> None:
    serving = serve()
    for text in ("one", "two"):
        asked = {"message": text, "conversation": "c1"}
        run = serving.http.post("/agents/support/runs?wait=true", json=asked).json()
        assert (run["conversation"], run["answer"]) == ("c1", "hello")
    assert sent(stub)[1:] == ["Customer: one", "hello", "Customer: two"]


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "../etc", "ümlaut"])
def test_a_name_that_is_none_is_refused(serve: Serve, name: str) -> None:
    answer = say(serve(), "hi", name)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "conversation"


def test_history_beside_a_conversation_is_refused(serve: Serve) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    answer = say(serve(), "", messages=messages)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "conversation")


def test_a_conversation_stays_with_its_agent(serve: Serve) -> None:
    serving = serve()
    say(serving, "hi")
    answer = say(serving, "hi", agent="json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conversation_of_another_agent")


def test_a_conversation_can_be_deleted_and_begun_again(serve: Serve, stub: Stub) -> None:
    blue, green = serve(slot="blue"), serve(slot="green")
    say(blue, "secret")
    say(green, "more")
    assert green.http.delete("/conversations/c1").status_code == 204
    assert green.http.delete("/conversations/c1").json()["error"]["code"] == "conversation_not_found"
    assert blue.http.get("/conversations/c1").status_code == 404
    say(blue, "again")

    assert sent(stub)[1:] == ["Customer: again"]


def test_an_apology_is_no_part_of_a_conversation(serve: Serve, stub: Stub) -> None:
    serving = serve()
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, Reply(status=401), Reply("hello"))
    assert say(serving, "first").headers["x-mooring-rung"] == "L4"
    say(serving, "second")

    assert sent(stub)[1:] == ["Customer: second"]


@pytest.mark.slow
def test_turns_that_come_together_are_answered_one_after_the_other(serve: Serve, stub: Stub) -> None:
    slots = [serve(slot="blue"), serve(slot="green")]
    stub.script("primary-1", Reply("ok", delay=0.05))
    threads = [threading.Thread(target=say, args=(slots[number % 2], f"turn {number}")) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [len(body["messages"]) for body in stub.asked("primary-1")] == [2, 4, 6, 8, 10, 12]
    assert slots[0].http.get("/conversations/c1").json()["turns"] == 6


def test_one_that_waits_too_long_for_its_turn_is_told_so(serve: Serve, tmp_path: Path) -> None:
    serving = serve(deadlineSeconds=0.2)
    say(serving, "first")

    async def claim() -> None:
        database = Database(url_of(tmp_path / "state", None))
        await Archive(database).claim("c1", "support", 60, 60)
        await database.close()

    asyncio.run(claim())

    assert say(serving, "hurried").json()["error"]["code"] == "conversation_busy"


def test_a_turn_of_a_process_that_died_holds_up_nobody(serve: Serve, tmp_path: Path) -> None:
    serving = serve()
    say(serving, "first")
    stored(tmp_path).execute("update conversations set holder = '4194304-x', until = 99999999999")

    assert say(serving, "second").status_code == 200


@pytest.mark.slow
def test_what_cannot_be_archived_now_is_archived_later(serve: Serve, stub: Stub, tmp_path: Path) -> None:
    serving = serve()
    say(serving, "one")
    with stored(tmp_path) as other:
        other.execute("begin exclusive")
        answer = say(serving, "two")
        assert (answer.status_code, answer.headers["x-mooring-rung"]) == (200, "L0")
        assert serving.runtime.conversations.unsaved == 1
        other.execute("rollback")
    say(serving, "three")

    assert sent(stub)[1::2] == ["Customer: one", "Customer: two", "Customer: three"]
    assert serving.http.get("/conversations/c1").json()["turns"] == 3
    assert serving.runtime.conversations.unsaved == 0


def test_an_archive_that_was_deleted_is_begun_again(serve: Serve, stub: Stub, tmp_path: Path) -> None:
    serving = serve()
    say(serving, "one")
    for path in (tmp_path / "state").glob("state.db*"):
        path.unlink()
    assert say(serving, "two").status_code == 200
    assert serving.http.get("/conversations/c1").json()["turns"] == 1


def test_conversations_leave_memory_by_number_and_come_back(serve: Serve, stub: Stub) -> None:
    serving = serve(memory={"maxConversations": 2})
    for name in ("a", "b", "c"):
        say(serving, f"in {name}", name)
    assert len(serving.runtime.conversations.recent) == 2
    say(serving, "again", "a")

    assert sent(stub)[1:] == ["Customer: in a", "hello", "Customer: again"]


def test_a_full_conversation_says_so(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mooring.runtime.memory.conversations.conversations.MOST_BYTES", 100)
    serving = serve()
    say(serving, "one")

    assert say(serving, "two").json()["error"]["code"] == "conversation_full"


def test_shedding_leaves_nothing_in_memory_and_loses_nothing(serve: Serve, stub: Stub) -> None:
    serving = serve()
    say(serving, "one")
    asyncio.run_coroutine_threadsafe(_shed(serving), serving.loop).result()
    assert len(serving.runtime.conversations.recent) == 0
    say(serving, "two")

    assert sent(stub)[1:] == ["Customer: one", "hello", "Customer: two"]


async def _shed(serving: Serving) -> None:
    serving.runtime.conversations.shed()
