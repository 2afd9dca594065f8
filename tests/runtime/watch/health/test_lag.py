"""A loop that stands still is not alive, and the log says where it stands."""

import asyncio
import io
import json
import logging
import threading
import time

import pytest
from prometheus_client import CollectorRegistry, Histogram

from mooring.runtime.core import logs
from mooring.runtime.watch.health.lag import RECENT, LoopLag


@pytest.fixture
def lines():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logs.LOGGER.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logs.LOGGER.removeHandler(handler)


def lag(limit, **more):
    return LoopLag(limit, Histogram("lag", "lag", registry=CollectorRegistry()), **more)


def stand_still(seconds):
    time.sleep(seconds)


@pytest.mark.slow
def test_a_loop_that_stood_still_is_known_to_have_and_named(lines):
    async def scenario():
        measured = lag(0.1)
        measured.start()
        await asyncio.sleep(0.15)
        stand_still(0.5)
        await asyncio.sleep(0)
        seen = measured.seconds()
        measured.stop()
        return seen

    assert 0.2 < asyncio.run(scenario()) < 2
    [line] = [line for line in lines() if line["event"] == "event loop stands still"]
    assert "test_lag.py" in line["where"]


@pytest.mark.slow
def test_a_loop_with_too_much_to_do_does_not_stand_still(lines):
    async def scenario():
        measured = lag(0.1)
        measured.start()
        await asyncio.sleep(0.15)
        for _ in range(40):
            asyncio.get_running_loop().call_soon(stand_still, 0.02)
        await asyncio.sleep(0)
        measured.stop()

    asyncio.run(scenario())
    assert [line["event"] for line in lines()] == ["event loop is late: more to do than one process can"]


def test_a_late_tick_is_forgotten_after_a_while():
    now = 100.0
    measured = lag(0.1, clock=lambda: now)
    assert measured.seconds() == 0
    now = 101.0
    assert measured.seconds() == pytest.approx(0.9)
    measured._late.append((now, 0.9))
    measured._due = now + 60
    assert measured.seconds() == 0.9
    now += RECENT + 0.1
    assert measured.seconds() == 0


@pytest.mark.slow
def test_livez_fails_for_whoever_had_to_wait_and_then_is_well_again(serve, monkeypatch):
    monkeypatch.setattr("mooring.runtime.watch.health.lag.RECENT", 1.0)
    serving = serve(health={"loopLagSeconds": 0.3})
    assert serving.http.get("/livez").status_code == 200
    time.sleep(0.2)
    serving.loop.call_soon_threadsafe(stand_still, 0.7)
    told = serving.http.get("/livez")
    assert told.status_code == 503
    assert told.json()["alive"] is False
    assert told.json()["reasons"][0].startswith("the event loop is late: ")
    end = time.monotonic() + 10
    while serving.http.get("/livez").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_watching_thread_ends_with_the_slot():
    async def scenario():
        measured = lag(0.1)
        measured.start()
        await asyncio.sleep(0.01)
        measured.stop()

    asyncio.run(scenario())
    end = time.monotonic() + 2
    while any(thread.name == "loop-watch" and thread.is_alive() for thread in threading.enumerate()):
        if time.monotonic() > end:
            names = [thread.name for thread in threading.enumerate()]
            raise AssertionError(names)
        time.sleep(0.02)
