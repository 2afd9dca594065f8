"""Tries, breakers, deadlines and sizes: what surrounds a call whatever the tool is bound to."""

import asyncio
import gzip
import re
import socket
import threading
import time
from contextlib import suppress
from inspect import isfunction

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BIND = {"type": "http", "service": "shop", "method": "GET", "path": "/it"}
WRITES = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False, "openWorldHint": False}
QUICK = {"tools": {"tries": 3}}


class Shop:
    """Answers in the order of its script; the last answer repeats."""

    def __init__(self, *script):
        self.script, self.keys, self.times = list(script), [], []

    async def answer(self, request):
        self.keys.append(request.headers["idempotency-key"])
        self.times.append(time.monotonic())
        response = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(response, float):
            await asyncio.sleep(response)
            return JSONResponse("late")
        return response() if isfunction(response) else response

    @property
    def app(self):
        return Starlette(routes=[Route("/it", self.answer, methods=["GET", "POST"])])


@pytest.fixture
def at(host, on):
    """Calls a tool at a scripted shop."""

    def run(work, *script, bind=BIND, **more):
        shop = Shop(*script)
        services = {"shop": host(shop.app)}
        more = {"profile": QUICK} | more

        async def working(bench):
            return await work(bench, shop)

        return on(working, bind, services=services, **more)

    return run


OK = JSONResponse("well")
BUSY = JSONResponse("busy", 503)


def test_a_tool_that_may_be_repeated_is_tried_again_with_the_same_key(at):
    async def work(bench, shop):
        assert await bench.call() == "well"
        assert len(shop.keys) == 3
        assert set(shop.keys) == {"run_1-0-call-1"}
        assert (bench.record.retries, bench.outcomes) == (2, ["done"])
        assert 'mooring_tool_retries_total{gen_ai_tool_name="find_order"} 2.0' in bench.metrics.text().decode()

    at(work, BUSY, BUSY, OK)


def test_a_tool_with_a_key_may_be_repeated_and_one_without_is_called_once(at):
    async def keyed(bench, shop):
        assert await bench.call(order="A") == "well"
        assert shop.keys == ["refund-A", "refund-A"]

    post = BIND | {"method": "POST"}
    at(keyed, BUSY, OK, bind=post, annotations=WRITES, idempotencyKey="refund-{order}")

    async def once(bench, shop):
        assert await bench.call() == 'HTTP 503: "busy"'
        assert len(shop.keys) == 1

    at(once, BUSY, OK, bind=post, annotations=WRITES)


def test_two_calls_by_one_id_have_two_keys(at):
    async def work(bench, shop):
        await bench.call("call_0")
        await bench.call("call_0")
        assert shop.keys == ["run_1-0-call_0", "run_1-1-call_0"]

    at(work, OK)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 501])
def test_a_refused_call_is_not_tried_again(at, status):
    async def work(bench, shop):
        assert (await bench.call()).startswith(f"HTTP {status}")
        assert len(shop.keys) == 1
        assert bench.tool.circuit.state == "closed"

    at(work, JSONResponse("no", status))


@pytest.mark.slow
def test_a_wait_that_is_asked_for_is_kept(at):
    async def work(bench, shop):
        assert await bench.call() == "well"
        assert 1.0 <= shop.times[1] - shop.times[0] < 1.4

    at(work, JSONResponse("slow down", 429, {"retry-after": "1"}), OK, profile=QUICK | {"retry": {"capSeconds": 5}})


@pytest.mark.parametrize("asked", ["60", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_a_wait_beyond_the_cap_is_not_waited_for_but_holds_the_breaker_open(at, asked):
    async def work(bench, shop):
        started = time.monotonic()
        assert await bench.call("a") == 'HTTP 429: "slow down"'
        assert (
            await bench.call("b")
            == "find_order has failed too often and is not called for the next 8 seconds; go on without"
        )
        assert (len(shop.keys), time.monotonic() - started < 0.5) == (1, True)
        assert bench.outcomes == ["failed", "breaker-open"]

    profile = {"tools": {"tries": 3, "breaker": {"consecutiveFailures": 1, "openSeconds": 1}}}
    at(work, JSONResponse("slow down", 429, {"retry-after": asked}), profile=profile)


def test_an_open_breaker_is_told_at_once_and_one_probe_closes_it(at):
    async def work(bench, shop):
        for number in range(2):
            assert "HTTP 503" in await bench.call(f"a{number}")
        assert "is not called" in await bench.call("b")
        assert len(shop.keys) == 2
        await asyncio.sleep(0.15)
        assert list(await asyncio.gather(bench.call("c"), bench.call("d"))) == [
            "well",
            "find_order has failed too often and is not called just now; go on without",
        ]
        assert await bench.call("e") == "well"

    profile = {"tools": {"tries": 1, "breaker": {"consecutiveFailures": 2, "openSeconds": 0.1}}}
    at(work, BUSY, BUSY, OK, profile=profile)


@pytest.mark.slow
def test_what_was_too_slow_is_not_tried_again_but_counted_by_the_breaker(at):
    async def work(bench, shop):
        assert await bench.call("a") == "find_order did not answer within 1 seconds"
        assert len(shop.keys) == 1
        assert bench.tool.circuit.state == "open"
        assert bench.outcomes == ["timeout"]

    profile = {"tools": {"tries": 3, "breaker": {"consecutiveFailures": 1}}}
    at(work, 30.0, timeoutSeconds=1, profile=profile)


def test_no_call_goes_beyond_the_deadline_of_its_run_and_that_is_not_the_tools_fault(at):
    async def work(bench, shop):
        said = await bench.call()
        assert re.fullmatch(r"find_order did not answer within 0\.[0-3]\d* seconds", said)
        assert bench.tool.circuit.state == "closed"

    profile = {"tools": {"breaker": {"consecutiveFailures": 1}}}
    at(work, 30.0, seconds=0.3, timeoutSeconds=10, profile=profile)


def test_no_wait_goes_beyond_the_deadline_of_its_run(at):
    async def work(bench, shop):
        started = time.monotonic()
        assert "HTTP 503" in await bench.call()
        assert time.monotonic() - started < 0.2

    at(work, JSONResponse(0, 503, {"retry-after": "1"}), seconds=0.9)


def ended(thread):
    thread.join(5)
    return not thread.is_alive()


@pytest.fixture
def flood():
    """A server that sends a hundred megabytes to whoever connects; says (its URL, how much it got rid of)."""
    sent = []

    def pour(listening):
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
            for _ in range(1000):
                connection.sendall(b"y" * 100_000)
                sent.append(100_000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=pour, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", lambda: ended(thread) and sum(sent)


def test_of_an_answer_of_a_hundred_megabytes_no_more_is_read_than_the_limit(on, flood):
    url, poured = flood

    async def work(bench):
        assert await bench.call() == "the result is larger than 2048 bytes; ask for less"
        assert bench.tool.circuit.state == "closed"

    on(work, BIND, services={"shop": url}, profile={"tools": {"maxResultBytes": 2048}})
    assert poured() < 20_000_000


def test_nobody_is_asked_to_compress_and_who_does_is_refused(at):
    async def work(bench, shop):
        assert await bench.call() == "the service compressed its answer, unasked"

    at(work, Response(gzip.compress(b"1" * 10_000_000), headers={"content-encoding": "gzip"}))


def test_hidden_characters_do_not_reach_the_model(at):
    async def work(bench, shop):
        assert await bench.call() == {"name": "ab\tc\nd é 👩‍🚒"}

    at(work, JSONResponse({"na\0me": "a\0b\tc\x1b\nd\u202e é\U000e0041 👩‍🚒\x9b"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 40 + "]" * 40, "the result cannot be used: it is nested more than 32 deep"),
        ("[" * 60_000, "the service did not answer with JSON"),
        ("NaN", "the service did not answer with JSON"),
        ("1" * 5000, "the service did not answer with JSON"),
        ('"\\ud800"', ""),
    ],
    ids=["deep", "abyss", "nan", "long number", "half a pair"],
)
def test_what_is_hardly_json_does_no_harm(at, text, words):
    async def work(bench, shop):
        assert await bench.call() == words

    at(work, Response(text), profile={"tools": {"tries": 1}})


def test_a_call_that_was_cancelled_says_nothing_about_the_tool(at):
    async def work(bench, shop):
        task = asyncio.create_task(bench.call())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait({task})
        assert (bench.outcomes, bench.tool.circuit.state) == (["cancelled"], "closed")

    at(work, 30.0, profile={"tools": {"breaker": {"consecutiveFailures": 1}}})


def test_a_call_that_is_made_again_after_a_crash_is_the_same_call(at):
    async def work(bench, shop):
        noted = bench.record.call("call-1", "find_order")
        assert await bench.call() == "well"
        assert bench.record.tool_calls == [noted]
        assert (noted.key, noted.outcome) == ("run_1-0-call-1", "done")

    at(work, OK)
