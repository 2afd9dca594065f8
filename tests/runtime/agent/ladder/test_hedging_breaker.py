"""What hedges say to the breakers of the rungs that they overtake. In virtual time, with the real ladder."""

import asyncio

from pydantic_ai.exceptions import ModelHTTPError

from mooring.runtime.agent.allowance import BURST
from tests.runtime.agent.ladder.test_hedging import BOTH, NEVER, Scene, Vendor
from tests.runtime.agent.ladder.virtual_time import run


@BOTH
def test_hedges_do_not_hide_from_the_breaker_that_a_vendor_is_silent(stream: bool) -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second"), Vendor("third"), breaker={"consecutiveFailures": 4})
        for _ in range(4):
            assert it.circuit("primary").state == "closed"
            assert await it.ask(stream) == ("second", 4.1)
        assert it.circuit("primary").state == "open"
        assert await it.ask(stream) == ("second", 0.1)

    run(scene())


def test_a_vendor_that_is_slow_now_and_then_stays_in_use() -> None:
    async def scene() -> None:
        first = Vendor("first")
        it = Scene(first, Vendor("second"), Vendor("third"), breaker={"consecutiveFailures": 4})
        for number in range(24):
            first.seconds = 0.1 if number % 4 == 3 else NEVER
            await it.ask()
        assert it.circuit("primary").state == "closed"

    run(scene())


def test_a_hedge_that_loses_says_nothing_about_its_vendor() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", 4.5), Vendor("second", 3), Vendor("third"), breaker={"consecutiveFailures": 2})
        for _ in range(BURST):
            assert await it.ask() == ("first", 4.5)
        assert len(it.vendors["alternate"].left) == BURST
        assert it.circuit("alternate").state == "closed"

    run(scene())


@BOTH
def test_the_probe_of_a_silent_vendor_is_hedged_however_many_hedges_there_were(stream: bool) -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second"), Vendor("third"), breaker={"openSeconds": 60})
        for _ in range(BURST * 3):
            assert await it.ask(stream) == ("second", 4.1)
            await asyncio.sleep(60)
        assert it.hedges("asked") == len(it.vendors["primary"].asked) == BURST * 3

    run(scene())


def test_a_probe_that_was_overtaken_keeps_the_breaker_open() -> None:
    async def scene() -> None:
        down = Vendor("first", 0.1, error=ModelHTTPError(401, "m"))
        it = Scene(down, Vendor("second"), Vendor("third"), breaker={"openSeconds": 60})
        for _ in range(3):
            await it.ask()
        assert it.circuit("primary").state == "open"
        down.error, down.seconds = None, NEVER
        await asyncio.sleep(60)
        assert it.circuit("primary").state == "half-open"
        assert await it.ask() == ("second", 4.1)
        assert it.circuit("primary").state == "open"
        assert await it.ask() == ("second", 0.1)

    run(scene())


def test_what_was_cancelled_is_no_verdict_unless_it_had_its_time() -> None:
    async def scene() -> None:
        it = Scene(Vendor("first", NEVER), Vendor("second", 2), Vendor("third"))
        await it.ask()
        assert (it.circuit("primary").state, it.circuit("primary").last) == ("closed", None)
        it = Scene(Vendor("first", NEVER), Vendor("second", NEVER), Vendor("third", 5.5))
        await it.ask()  # at 13.5 s: the first try of L0 ended at 12 s
        assert it.circuit("primary").last.well is False
        assert it.circuit("alternate").last is None

    run(scene())
