"""A check ends in time, whatever it looks at, and holds up nobody else."""

import asyncio
import time

from mooring.runtime.watch.health.check import Check, Seen, look_at


def run(work):
    return asyncio.run(work)


def check(look, name="thing", **more):
    return Check("dependencies", name, look, **more)


async def well():
    return Seen(True)


async def hang():
    await asyncio.sleep(60)
    return Seen(True)


async def broken():
    raise RuntimeError("sk-live-0123456789 is the key")


def test_a_look_that_hangs_fails_after_its_patience():
    result = run(check(hang, patience=0.05).result())
    assert (result.ok, result.detail) == (False, "no answer within 0.05 s")
    assert 0.04 < result.seconds < 1


def test_checks_do_not_wait_for_each_other():
    started = time.monotonic()
    checks = [check(hang, f"slow-{number}", patience=0.2) for number in range(20)]
    results = run(look_at([*checks, check(well, "quick")]))
    assert time.monotonic() - started < 1
    assert [result.name for result in results if result.ok] == ["quick"]
    assert results[-1].seconds < 0.1


def test_a_look_that_breaks_is_a_failed_check_without_the_words_of_the_error():
    result = run(check(broken).result())
    assert (result.ok, result.detail) == (False, "RuntimeError")


def test_a_value_over_its_threshold_fails_and_says_by_how_much():
    async def late():
        return Seen(True, "", 0.75)

    result = run(check(late, threshold=0.5).result())
    assert (result.ok, result.detail) == (False, "0.75 s is over 0.5 s")


def test_a_failure_keeps_its_reason_even_when_it_is_slow_too():
    async def ill():
        return Seen(False, "status 503", 9.0)

    assert run(check(ill, threshold=0.5).result()).detail == "status 503"


def test_all_who_ask_at_once_share_one_look_and_later_ones_a_fresh_result():
    looks, now = [], 0.0

    async def counted():
        looks.append(now)
        await asyncio.sleep(0)
        return Seen(True)

    async def scenario():
        nonlocal now
        one = check(counted, fresh=10, clock=lambda: now)
        await asyncio.gather(*(one.result() for _ in range(50)))
        now = 9.9
        await one.result()
        assert looks == [0.0]
        now = 10.1
        await one.result()
        assert looks == [0.0, 10.1]

    run(scenario())


def test_who_stops_waiting_does_not_stop_the_look_of_the_others():
    async def scenario():
        async def slow():
            await asyncio.sleep(0.05)
            return Seen(True)

        one = check(slow)
        first, second = asyncio.create_task(one.result()), asyncio.create_task(one.result())
        await asyncio.sleep(0.01)
        first.cancel()
        assert (await second).ok

    run(scenario())


def test_the_age_is_that_of_what_was_seen():
    async def earlier():
        return Seen(True, age=30)

    result = run(check(earlier, clock=lambda: 100.0).result())
    assert result.data(105.0)["age_seconds"] == 35
