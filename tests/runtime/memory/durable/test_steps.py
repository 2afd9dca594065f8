"""Steps are done once, come in order, and replay as what they came to; nobody waits long for a database."""

import asyncio
from typing import Any

import pytest
from pydantic_ai.exceptions import (
    ApprovalRequired,
    CallDeferred,
    ModelRetry,
    ToolFailed,
    UsageLimitExceeded,
)

from mooring.runtime.core.record import Budget, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory.durable.outcome import as_result, as_value
from mooring.runtime.memory.durable.pace import PATIENCE, Pace
from mooring.runtime.memory.run import Decision, Request, Run
from mooring.runtime.memory.steps import Entry, Steps


@pytest.mark.parametrize(
    "error",
    [ModelRetry("again"), ToolFailed("no"), ApprovalRequired({"why": 1}), CallDeferred(None), UsageLimitExceeded("2")],
    ids=lambda error: type(error).__name__,
)
def test_an_answer_that_is_an_error_replays_as_that_error(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        as_result(as_value(error))
    assert vars(caught.value) == vars(error)


def test_a_result_replays_as_itself() -> None:
    assert as_result({"ok": {"retry": "is a word too"}}) == {"retry": "is a word too"}


def test_a_recorded_step_is_not_done_again_and_others_are_written_as_they_end() -> None:
    async def scene() -> None:
        written: list[str] = []

        async def settle(entry: Entry) -> None:
            written.append(entry.name)

        async def slow(seconds: float) -> float:
            await asyncio.sleep(seconds)
            return seconds

        steps = Steps({"model:1": "known"}, settle)
        assert await steps.step(steps.next_model(), lambda: slow(9)) == ("known", True)
        names = [steps.tool("a"), steps.tool("b")]
        both = zip(names, (0.02, 0.01), strict=True)
        await asyncio.gather(*(steps.step(name, lambda wait=wait: slow(wait)) for name, wait in both))  # type: ignore[misc]
        assert written == [entry.name for entry in steps.entries] == ["tool:1:b", "tool:1:a"]

    asyncio.run(scene())


def test_a_step_without_effects_is_written_with_the_next_one() -> None:
    async def scene() -> None:
        settled: list[list[str]] = []

        async def settle(_entry: Entry) -> None:
            settled.append([entry.name for entry in steps.entries])

        async def said() -> str:
            return "it is done"

        steps = Steps({}, settle)
        await steps.step(steps.next_model(), said, lambda: False)
        assert settled == []
        await steps.step(steps.next_model(), said)
        assert settled == [["model:1", "model:2"]]

    asyncio.run(scene())


def test_a_run_that_is_cancelled_while_its_end_is_written_has_ended() -> None:
    async def scene() -> None:
        writing, answer = asyncio.Event(), Answer("it is done", "stop")

        async def perform(_run: Run) -> Answer:
            return answer

        async def on_end(_run: Run) -> None:
            writing.set()
            await asyncio.Event().wait()

        run = Run(Request("run_1", "support", "sha256:0", Turn("hi")), Record("run_1", "support", Budget(10)), "blue")
        run.begin(perform, on_end)
        await writing.wait()
        run.cancel()
        assert await run.answered() is answer
        assert run.ended
        assert run.ended.status == "done"

    asyncio.run(scene())


def test_a_step_that_fails_is_not_written_down() -> None:
    async def scene() -> None:
        async def fail() -> None:
            raise ConnectionError

        async def settle(entry: Entry) -> None:
            raise AssertionError(entry)

        with pytest.raises(ConnectionError):
            await Steps({}, settle).step("model:1", fail)

    asyncio.run(scene())


def test_a_request_comes_back_from_json_as_it_was() -> None:
    turn = Turn("hi", (("user", "before"),), {"page": "3"}, "talk-1")
    request = Request("run_1", "support", "sha256:0", turn, ("de",), 1.0, 2, Decision(True, "", {"a": 1}, "[]"))
    assert Request.of(request.data()) == request
    assert (request.id, Request("run_1", "support", "sha256:0", turn).id) == ("run_1.2", "run_1")


@pytest.mark.slow
def test_nobody_waits_for_a_transaction_that_does_not_end() -> None:
    async def scene() -> None:
        loop, reason = asyncio.get_running_loop(), [""]
        began = loop.time()
        pace = Pace(lambda: reason[0], lambda: loop.time() - began)
        written: asyncio.Future[Any] = loop.create_future()
        pace.begin("one")
        await pace.wait(written)
        assert PATIENCE <= loop.time() - began < PATIENCE + 0.5
        assert (pace.stalled, pace.waiting) == (True, 1)
        again = loop.time()
        await pace.wait(written)
        assert loop.time() - again < 0.1
        began = loop.time()  # it ended, and the next one began
        pace.end("another")
        assert pace.stalled is False
        reason[0] = "full"
        await pace.wait(written)
        assert (pace.stalled, loop.time() - began < 0.1) == (True, True)

    asyncio.run(scene())


@pytest.mark.slow
def test_a_writer_that_gets_no_processor_time_is_waited_for() -> None:
    """Or answers would go on without it, take all the time there is, and what waits would grow without end."""

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(lambda: "", lambda: 0.0)
        written: asyncio.Future[Any] = loop.create_future()
        loop.call_later(1.5 * PATIENCE, written.set_result, None)
        pace.begin("one")
        began = loop.time()
        await pace.wait(written)
        assert (written.done(), pace.stalled) == (True, False)
        assert loop.time() - began >= 1.5 * PATIENCE

    asyncio.run(scene())
