"""A talk goes through the public door, and says what the server says."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.commands.talking.door import Door, Ended, Event
from mooring.commands.talking.transcript import Turn
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.runtime.hosting import Serving, listening
from tests.runtime.sample import sample
from tests.runtime.stub import Reply, Stub

FIND = Reply(tool=("find_order", {"order": "A-1"}))

Serve = Callable[..., Serving]


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A scripted model and its services, listening."""
    with listening() as made:
        yield made


@pytest.fixture
def serve(stub: Stub, tmp_path: Path) -> Iterator[Serve]:
    """Serves a release made of keyword arguments, with the stub as its simulator."""
    started: list[Serving] = []

    def start(**profile: Any) -> Serving:
        serving = Serving(create_app(sample(**profile), Settings("blue", tmp_path / "state", stub.url, {})))
        started.append(serving.start())
        return serving

    yield start
    for serving in started:
        serving.stop()


def had(events: Iterator[Event], message: str = "Where?") -> Turn:
    turn = Turn(message)
    for event in events:
        turn.heard(event)
    return turn


def test_text_and_tools_come_in_their_order(serve: Serve, stub: Stub) -> None:
    stub.script("primary-1", Reply("Let me look.", tool=FIND.tool), Reply("It is sent."))
    stub.script("shop", Reply(body={"status": "sent"}))
    events = list(Door(serve().url, "local").ask("support", "c-1", "Where?"))
    kinds = [type(event).__name__ for event in events]
    first, last = kinds.index("dict"), len(kinds) - kinds[::-1].index("dict")
    assert set(kinds[:first]) == {"str"} == set(kinds[last:-1])
    turn = had(iter(events))
    assert turn.text.strip() == "It is sent."
    assert turn.shown.startswith("Let me look.")
    (call,) = turn.calls
    assert (call.name, call.arguments, call.outcome) == ("find_order", {"order": "A-1"}, "done")
    assert (turn.rung, turn.simulated, turn.approvals) == ("L0", True, [])
    assert turn.cost_usd > 0
    assert turn.run.startswith("run_")


def test_the_conversation_is_the_servers(serve: Serve, stub: Stub) -> None:
    stub.script("primary-1", Reply("one"), Reply("two"))
    door = Door(serve().url, "local")
    for message in ("First", "Second"):
        had(door.ask("support", "c-1", message))
    sent = [message["content"] for message in stub.requests[1]["messages"][1:]]
    assert [text.strip() for text in sent] == ["Customer: First", "one", "Customer: Second"]
    known = door.conversation("c-1")
    assert known
    assert (known["turns"], known["agent"]) == (2, "support")
    assert door.conversation("c-2") is None


@pytest.mark.parametrize("approved", [True, False])
def test_a_person_decides_and_the_run_goes_on(serve: Serve, stub: Stub, approved: bool) -> None:
    refund = {"order": "A-1", "cents": 100}
    stub.script("primary-1", FIND, Reply(tool=("refund_order", refund)), Reply("That is that."))
    stub.script("shop", Reply(body={}))
    door = Door(serve(checkpoint={"mode": "durable"}).url, "local")
    turn = had(door.ask("support", "c-1", "Refund A-1"))
    (waiting,) = turn.approvals
    assert (waiting["tool"], waiting["arguments"]) == ("refund_order", refund)
    run = door.decide(turn.run, approved)
    known = door.conversation("c-1")
    assert known
    turn.decided(approved, run, known["messages"], 1.5)
    assert (turn.text.strip(), turn.approvals, turn.approved, turn.seconds) == ("That is that.", [], approved, 1.5)
    assert [(call.name, call.arguments) for call in turn.calls] == [
        ("find_order", {"order": "A-1"}),
        ("refund_order", refund),
    ]
    assert (turn.calls[1].outcome == "done") is approved


def test_the_key_goes_with_every_request_and_is_never_shown(serve: Serve, stub: Stub) -> None:
    serving = serve()
    seen: list[dict[bytes, bytes]] = []
    app = serving.app.middleware_stack

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))
        await app(scope, receive, send)

    serving.app.middleware_stack = watching
    door = Door(serving.url, "local", key="sk-secret", approval_key="other-secret")
    had(door.ask("support", "c-1", "Where?"))
    door.conversation("c-1")
    with pytest.raises(Failed):
        door.decide("run_none", approved=True)
    assert [headers[b"authorization"] for headers in seen] == [b"Bearer sk-secret"] * 2 + [b"Bearer other-secret"]
    assert "secret" not in repr(door)


@pytest.mark.parametrize(
    ("agent", "conversation", "words", "fix"),
    [
        ("nobody", "c-1", "model_not_found: ", "moor status local"),
        ("support", "no name", "invalid_request: ", ""),
    ],
)
def test_an_error_of_the_server_is_its_reason(
    serve: Serve, agent: str, conversation: str, words: str, fix: str
) -> None:
    with pytest.raises(Failed) as caught:
        had(Door(serve().url, "local").ask(agent, conversation, "Where?"))
    assert str(caught.value).startswith(words)
    assert (caught.value.fix, caught.value.reason) == (fix, Reason.PROBE_FAILED)


def test_another_agents_conversation_is_refused_with_the_way_on(serve: Serve) -> None:
    door = Door(serve().url, "local")
    had(door.ask("support", "c-1", "Where?"))
    with pytest.raises(Failed) as caught:
        had(door.ask("page", "c-1", "Where?"))
    assert str(caught.value).startswith("conversation_of_another_agent: ")
    assert "--new" in caught.value.fix


def test_nobody_listening_says_how_to_start() -> None:
    with pytest.raises(Failed) as caught:
        had(Door("http://127.0.0.1:9", "local").ask("support", "c-1", "Where?"))
    assert (caught.value.reason, caught.value.fix) == (Reason.NOT_RUNNING, "moor up local")


def test_a_name_that_only_a_cluster_knows_says_how_to_reach_it() -> None:
    nowhere = "http://[::1%nowhere]:80"  # of an interface that is not there: nothing is looked up elsewhere
    with pytest.raises(Failed, match="no address of") as caught:
        had(Door(nowhere, "cluster").ask("support", "c-1", "Where?"))
    assert "--url" in caught.value.fix


def test_an_answer_that_ends_early_is_an_error(stub: Stub) -> None:
    stub.script("support", Reply("Half of it", cut="silent"))
    with pytest.raises(Failed, match="the answer broke off"):
        had(Door(stub.url, "local").ask("support", "c-1", "Where?"))


def test_no_longer_reading_ends_the_run(serve: Serve, stub: Stub) -> None:
    stub.script("primary-1", Reply("one two three four five six seven eight", pace=0.2))
    serving = serve(ladder={"rungs": {"L0": {"timeoutSeconds": 4}}})
    events = Door(serving.url, "local").ask("support", "c-1", "Count")
    assert isinstance(next(events), str)
    assert serving.runtime.busy() == 1
    events.close()
    end = time.monotonic() + 3
    while serving.runtime.busy() and time.monotonic() < end:
        threading.Event().wait(0.02)
    assert serving.runtime.busy() == 0
    assert Door(serving.url, "local").conversation("c-1") is None


def test_a_stream_that_says_nothing_of_tools_is_understood() -> None:
    turn = Turn("Where?")
    facts = {"run": "run_1", "rung": "L1", "cost_usd": 0.5, "approvals": []}
    for event in ("\n\nIt", " is sent.", Ended(facts, simulated=False, seconds=2.0)):
        turn.heard(event)
    assert (turn.text, turn.rung, turn.simulated, turn.seconds) == ("It is sent.", "L1", False, 2.0)
    assert Turn.of({**vars(turn), "calls": []}) == turn
