"""The breaker lets one call through when it is half open, and takes no cancelled call for a success."""

import asyncio

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.function import FunctionModel

from mooring.runtime.agent.breaker import Breaker
from mooring.runtime.agent.model_errors import BreakerOpen, OutOfTime
from mooring.runtime.core.circuit import Circuit
from mooring.spec.resilience import Breaker as Policy
from mooring.spec.resilience import RungPolicy


class Endpoint:
    """A model that fails with `error` when there is one, and can be held up."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.calls = 0
        self.gate: asyncio.Event | None = None
        self.now = 0.0
        self.circuit = Circuit(Policy(consecutive_failures=2, open_seconds=30), lambda: self.now)
        self.breaker = Breaker(FunctionModel(self.answer, stream_function=self.words), self.circuit, RungPolicy())

    async def answer(self, messages, info) -> ModelResponse:
        self.calls += 1
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        return ModelResponse(parts=[TextPart("ok")])

    async def words(self, messages, info):
        yield "one "
        self.now += 100
        yield "two"

    async def ask(self) -> object:
        try:
            return await self.breaker.request([], None, ModelRequestParameters())
        except Exception as error:  # noqa: BLE001 - the kind of it is what is looked at
            return type(error)

    async def trip(self) -> None:
        self.error = ModelHTTPError(500, "m")
        for _ in range(2):
            await self.ask()
        assert self.circuit.state == "open"
        self.calls = 0


def test_an_open_breaker_calls_nobody():
    async def scene() -> None:
        endpoint = Endpoint()
        await endpoint.trip()
        assert await endpoint.ask() is BreakerOpen
        assert endpoint.calls == 0

    asyncio.run(scene())


def test_of_twenty_waiting_calls_one_probes_a_sick_endpoint():
    async def scene() -> None:
        endpoint = Endpoint()
        await endpoint.trip()
        endpoint.now += 30
        endpoint.gate = asyncio.Event()
        calls = [asyncio.create_task(endpoint.ask()) for _ in range(20)]
        await asyncio.sleep(0.01)
        endpoint.gate.set()
        ends = await asyncio.gather(*calls)
        assert endpoint.calls == 1
        assert ends.count(BreakerOpen) == 19
        assert endpoint.circuit.state == "open"

    asyncio.run(scene())


def test_a_probe_that_succeeds_closes_it():
    async def scene() -> None:
        endpoint = Endpoint()
        await endpoint.trip()
        endpoint.now += 30
        endpoint.error = None
        assert isinstance(await endpoint.ask(), ModelResponse)
        assert endpoint.circuit.state == "closed"

    asyncio.run(scene())


def test_a_cancelled_probe_leaves_it_half_open_for_the_next():
    async def scene() -> None:
        endpoint = Endpoint()
        await endpoint.trip()
        endpoint.now += 30
        endpoint.gate = asyncio.Event()
        probe = asyncio.create_task(endpoint.ask())
        await asyncio.sleep(0.01)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        assert endpoint.circuit.state == "half-open"
        endpoint.gate.set()
        await endpoint.ask()
        assert endpoint.calls == 2

    asyncio.run(scene())


@pytest.mark.parametrize("error", [OutOfTime("m"), BreakerOpen("m")])
def test_a_call_that_was_never_made_says_nothing_about_the_endpoint(error):
    async def scene() -> None:
        endpoint = Endpoint()
        endpoint.error = error
        for _ in range(5):
            await endpoint.ask()
        assert endpoint.circuit.state == "closed"

    asyncio.run(scene())


def test_a_request_that_is_wrong_in_itself_counts_neither_way():
    async def scene() -> None:
        endpoint = Endpoint()
        for status in (500, 400, 422, 400):
            endpoint.error = ModelHTTPError(status, "m")
            await endpoint.ask()
        states = [endpoint.circuit.state]
        endpoint.error = ModelHTTPError(500, "m")
        await endpoint.ask()
        assert [*states, endpoint.circuit.state] == ["closed", "open"]

    asyncio.run(scene())


def test_it_stays_open_for_as_long_as_the_endpoint_asks():
    async def scene() -> None:
        endpoint = Endpoint()
        endpoint.error = ModelHTTPError(429, "m", retry_after=90)
        await endpoint.ask()
        await endpoint.ask()
        assert endpoint.circuit.opens_in == 90

    asyncio.run(scene())


def test_a_long_stream_is_not_a_slow_call():
    async def scene() -> None:
        endpoint = Endpoint()
        for _ in range(12):
            async with endpoint.breaker.request_stream([], None, ModelRequestParameters()) as stream:
                assert len([event async for event in stream]) > 1
        assert endpoint.circuit.state == "closed"

    asyncio.run(scene())
