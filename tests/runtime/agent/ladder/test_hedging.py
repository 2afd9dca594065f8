"""The next rung is asked beside one that is slow. In virtual time, with the real ladder."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel

from mooring import spec
from mooring.runtime.agent.allowance import BURST
from mooring.runtime.agent.build_agents import ReleaseAgents
from mooring.runtime.agent.ladder.hedging import ENOUGH, Hedging, quantile
from mooring.runtime.core.record import CURRENT, Budget, Record
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec.resilience import Hedge
from tests.runtime.agent.ladder.virtual_time import run
from tests.runtime.sample import sample

NEVER = 1e6
SLOW_PROFILE: dict[str, Any] = {
    "deadlineSeconds": 100,
    "retry": {"tries": 3, "baseSeconds": 1, "capSeconds": 30, "jitter": "none", "triesAfterTimeout": 1},
    "ladder": {
        "hedge": {"afterSeconds": 4},
        "rungs": {"L0": {"timeoutSeconds": 12}, "L1": {"timeoutSeconds": 10}, "L2": {"timeoutSeconds": 8}},
    },
}


@dataclass
class Vendor:
    """Answers after `seconds`, in a stream with `pace` seconds before each further word; or fails with `error`."""

    text: str
    seconds: float = 0.1
    pace: float = 0.0
    error: Exception | None = None
    opens: bool = False
    asked: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)

    def model(self, name: str) -> Model:
        return FunctionModel(self._answer, stream_function=self._stream, model_name=name)

    async def _wait(self) -> None:
        now = asyncio.get_running_loop().time
        self.asked.append(now())
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.left.append(now())
            raise
        if self.error:
            raise self.error

    async def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        await self._wait()
        return ModelResponse([TextPart(self.text)], finish_reason="stop")

    async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        if self.opens:
            yield ""
        await self._wait()
        for word in self.text.split(" "):
            yield f"{word} "
            await asyncio.sleep(self.pace)


class Scene:
    """The sample release's agent, with vendors of ours."""

    def __init__(self, *vendors: Vendor, **profile: Any) -> None:
        self.vendors = dict(zip(("primary", "alternate", "small"), vendors, strict=True))
        self.metrics, self.records, self.services = Metrics(), list[Record](), list[httpx2.Request]()
        release = sample(**SLOW_PROFILE | profile)
        settings = Settings("blue", Path("/nowhere"), "http://127.0.0.1:9", wrap_model=self._wrap)
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._serve))
        self.crew = ReleaseAgents(release, settings, client, self.metrics)
        for circuit in self.crew.breakers.values():
            circuit._clock = asyncio.get_running_loop().time

    def _wrap(self, document: spec.Model, model: Model) -> Model:
        return self.vendors[document.name].model(document.id)

    def _serve(self, request: httpx2.Request) -> httpx2.Response:
        self.services.append(request)
        return httpx2.Response(200, json={"status": "shipped"})

    async def ask(self, stream: bool = False) -> tuple[str, float]:
        """The text of an answer, and the seconds it took."""
        loop, served = asyncio.get_running_loop(), self.crew.agents["support"]
        began, record = loop.time(), Record("run", "support", Budget(served.profile.deadline_seconds))
        self.records.append(record)
        CURRENT.set(record)
        answer = await served.run(Turn("hi"), (lambda text: None) if stream else None)
        return answer.text.strip(), round(loop.time() - began, 6)

    @property
    def rungs(self) -> list[str]:
        return [record.rung for record in self.records]

    def circuit(self, model: str) -> Any:
        return self.crew.breakers[model, "quick"]

    def hedges(self, outcome: str) -> float:
        samples = [sample for metric in self.metrics.hedges.collect() for sample in metric.samples]
        return sum(one.value for one in samples if one.name.endswith("_total") and one.labels["outcome"] == outcome)


BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@BOTH
def test_a_silent_vendor_costs_the_hedge_time_and_nothing_of_its_timeouts(stream: bool) -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second", 0.5), Vendor("third"))
        assert await it.ask(stream) == ("second", 4.5)
        assert (it.vendors["primary"].left, it.rungs) == ([4.5], ["L1"])
        assert it.records[0].hedges == 1
        assert (it.hedges("asked"), it.hedges("won")) == (1, 1)
        assert not it.vendors["small"].asked

    run(scene())


def test_a_vendor_that_opens_a_stream_and_says_nothing_is_silent_all_the_same() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER, opens=True), Vendor("second"), Vendor("third"))
        assert await it.ask(stream=True) == ("second", 4.1)

    run(scene())


@BOTH
def test_a_rung_that_is_only_slow_wins_when_it_is_first_and_the_hedge_is_cancelled(stream: bool) -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", 5), Vendor("second", 3), Vendor("third"))
        assert await it.ask(stream) == ("first", 5)
        assert (it.vendors["alternate"].left, it.rungs) == ([5], ["L0"])

    run(scene())


def test_a_fast_rung_is_asked_alone() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", 3.9), Vendor("second"), Vendor("third"))
        assert await it.ask() == ("first", 3.9)
        assert not it.vendors["alternate"].asked

    run(scene())


def test_when_two_vendors_are_silent_the_third_is_asked_after_another_hedge_time() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second", NEVER), Vendor("third", 0.5))
        assert await it.ask() == ("third", 8.5)
        assert it.rungs == ["L2"]

    run(scene())


def test_a_hedge_that_fails_is_followed_by_the_next_rung_at_once() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", 11), Vendor("second", 0.5, error=ModelHTTPError(401, "m")), Vendor("third", 0.5))
        assert await it.ask() == ("third", 5)

    run(scene())


def test_a_hedge_that_refuses_the_request_leaves_the_first_rung_to_answer() -> None:
    async def scene() -> None:
        refused = Vendor("second", 0.5, error=ModelHTTPError(400, "m"))
        it = Scene(Vendor("first", 6), refused, Vendor("third", 9))
        assert await it.ask() == ("first", 6)

    run(scene())


def test_a_rung_that_fails_while_its_hedge_runs_hands_over_without_asking_again() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", 5, error=ModelHTTPError(401, "m")), Vendor("second", 3), Vendor("third"))
        assert await it.ask() == ("second", 7)
        assert (it.vendors["alternate"].asked, it.rungs) == ([4], ["L1"])

    run(scene())


def test_a_stream_that_dies_after_it_overtook_is_continued_by_the_rung_below() -> None:
    class Dying(Vendor):
        async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
            async for word in super()._stream(messages, info):
                yield word
            raise ModelHTTPError(502, "m")

    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Dying("one two three", 0.5), Vendor("four"))
        text, seconds = await it.ask(stream=True)
        assert (text.split(), seconds) == (["one", "two", "three", "four"], 4.6)
        assert (it.rungs, it.records[0].rescued) == (["L2"], 1)
        assert it.vendors["alternate"].asked == [4]

    run(scene())


@BOTH
def test_a_vendor_whose_tries_failed_before_it_was_overtaken_is_sick(stream: bool) -> None:
    async def scene() -> None:
        sick = Vendor("first", 0.1, error=ModelHTTPError(503, "primary"))
        it = Scene(
            sick,
            Vendor("second", 0.3),
            Vendor("third"),
            ladder=SLOW_PROFILE["ladder"] | {"hedge": {"afterSeconds": 0.5}},
        )
        assert (await it.ask(stream))[0] == "second"
        assert len(sick.asked) == 1, "it waits for its second try"
        assert it.circuit("primary").last.well is False

    run(scene())


def test_a_slow_vendor_does_not_double_the_load_of_the_next_one() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", 6), Vendor("second", 3), Vendor("third", 3))
        for _ in range(400):
            await it.ask()
        most = BURST + 0.1 * 400
        assert most - 2 <= len(it.vendors["alternate"].asked) + len(it.vendors["small"].asked) <= most
        assert it.hedges("denied") >= 400 - most

    run(scene())


def test_an_open_breaker_takes_nothing_from_the_budget() -> None:
    async def scene() -> None:
        refusing = Vendor("second", error=ModelHTTPError(401, "m"))
        it = Scene(Vendor("first", 6), refusing, Vendor("third", 3), breaker={"openSeconds": 1e6})
        for _ in range(30):
            await it.ask()
        assert len(refusing.asked) == 3  # until its breaker opened
        paid = len(refusing.asked) + len(it.vendors["small"].asked)
        assert BURST + 0.1 * 30 - 2 <= paid <= BURST + 0.1 * 30

    run(scene())


def test_a_call_that_was_cancelled_is_paid_for() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second"), Vendor("third"))
        await it.ask()
        hedged, first = it.records[0].usage, it.crew._content.models["primary"]
        it = Scene(Vendor("first", error=ModelHTTPError(401, "m")), Vendor("second"), Vendor("third"))
        await it.ask()
        alone = it.records[0].usage
        assert hedged.input_tokens > 1.5 * alone.input_tokens
        more = hedged.input_tokens - alone.input_tokens
        assert hedged.cost_usd - alone.cost_usd == pytest.approx(first.prices.cost(more, 0))

    run(scene())


def test_without_hedging_a_silent_vendor_is_tried_once_more_and_no_more() -> None:
    async def scene() -> None:
        ladder = SLOW_PROFILE["ladder"] | {"hedge": {"enabled": False}}
        it = Scene(Vendor("first", NEVER), Vendor("second"), Vendor("third"), ladder=ladder)
        assert await it.ask() == ("second", 12 + 1 + 12 + 0.1)
        assert it.vendors["primary"].asked == [0, 13]

    run(scene())


def test_tries_that_fail_late_share_the_time_of_the_timeouts() -> None:
    async def scene() -> None:
        ladder = SLOW_PROFILE["ladder"] | {"hedge": {"enabled": False}}
        late = Vendor("first", 11.9, error=ModelHTTPError(500, "m"))
        it = Scene(late, Vendor("second"), Vendor("third"), ladder=ladder)
        assert (await it.ask())[1] < 12 + 1 + 12 + 1
        assert len(late.asked) == 2

    run(scene())


def test_a_hedge_never_does_a_tools_effect_twice() -> None:
    """Both models ask for the tool; only the answer that counts is acted on."""

    class Caller(Vendor):
        def model(self, name: str) -> Model:
            return FunctionModel(self._answer, model_name=name)

        async def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            await self._wait()
            if len(messages) > 2:
                return ModelResponse([TextPart(self.text)], finish_reason="stop")
            return ModelResponse([ToolCallPart("find_order", {"order": "7"})], finish_reason="tool_call")

    async def scene() -> None:
        it = Scene(Caller("first", 6), Caller("second", 2), Caller("third"))
        assert await it.ask() == ("second", 12)
        assert [request.url.path for request in it.services] == ["/services/shop/orders/7"]
        assert (it.records[0].hedges, len(it.records[0].tool_calls)) == (2, 1)

    run(scene())


def test_every_rung_silent_ends_within_the_worst_case_of_the_documents() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second", NEVER), Vendor("third", NEVER))
        profile = it.crew.agents["support"].profile
        worst = sum(profile.rung_seconds(rung) for rung in ("L0", "L1", "L2"))
        assert await it.ask() == ("Sorry.", 4 + 10 + 1 + 10)
        ladder = SLOW_PROFILE["ladder"] | {"hedge": {"enabled": False}}
        it = Scene(Vendor("a", NEVER), Vendor("b", NEVER), Vendor("c", NEVER), ladder=ladder)
        text, seconds = await it.ask()
        assert text == "Sorry."
        assert seconds == pytest.approx(worst)

    run(scene())


@pytest.mark.slow
@BOTH
def test_while_a_vendor_is_silent_for_minutes_no_request_takes_as_long_as_its_objective(stream: bool) -> None:
    """Two questions a second for two minutes, more than the hedges allowed, had the breaker not opened."""

    async def scene() -> None:
        rungs = {"L0": {"timeoutSeconds": 10}, "L1": {"timeoutSeconds": 8}, "L2": {"timeoutSeconds": 6}}
        hasty = {"tries": 3, "baseSeconds": 1, "triesAfterTimeout": 0}
        it = Scene(Vendor("a", NEVER), Vendor("b", 2), Vendor("c", 1), retry=hasty, ladder={"rungs": rungs})

        async def ask(number: int) -> float:
            await asyncio.sleep(number / 2)
            return (await it.ask(stream))[1]

        took = await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(240)))
        assert max(took) <= 10 + 2
        assert sum(seconds == 2 for seconds in took) > 180  # the breaker spares the others the wait
        assert set(it.rungs) == {"L1"}
        assert it.hedges("denied") == 0

    run(scene())


def test_what_is_normal_for_a_rung_moves_the_hedge_time_and_never_below_the_least() -> None:
    hedging = Hedging(Hedge(after_seconds=4, percentile=0.9))
    for seconds in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14):
        hedging.answered(("m", False), seconds)
    assert hedging.after(("m", False)) == 4  # too few to tell
    for _ in range(ENOUGH - 10):
        hedging.answered(("m", False), 9)
    assert hedging.after(("m", False)) == 12
    assert hedging.after(("m", True)) == 4
    for _ in range(100):
        hedging.answered(("m", False), 0.1)
    assert hedging.after(("m", False)) == 4


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile(deque([3.0, 1.0, 2.0]), rate) for rate in (0.01, 0.34, 0.5, 0.99)] == [1, 2, 2, 3]
