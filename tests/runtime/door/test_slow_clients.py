"""A client that drags something out is let go in a bounded time; one that is merely slow is served."""

import time

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from mooring.runtime.door import connection, parse, serving

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(serving, "LOOK_SECONDS", 0.01)


@pytest.fixture
def door(open_door):
    return open_door()


def test_headers_that_trickle_are_cut_off(door, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with door.connect() as client:
        started = time.monotonic()
        client.send(HEAD)
        for byte in b"x-a: " + b"1" * 8:
            client.send(bytes([byte]))
            time.sleep(0.005)
        assert client.error() == (408, "request_timeout")
        assert client.rest() == b""
        assert time.monotonic() - started < 2


def test_a_body_that_trickles_is_cut_off(door, monkeypatch):
    monkeypatch.setattr(parse, "READ_SECONDS", 0.1)
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    with door.connect() as client:
        client.send(HEAD + b"content-length: 500\r\n\r\n{")
        assert client.error() == (408, "request_timeout")
        assert client.rest() == b""


def test_what_is_left_of_a_refused_body_is_read_so_that_the_answer_arrives(door):
    with door.connect() as client:
        client.send(HEAD + b"content-length: 3000000\r\n\r\n")
        assert client.error() == (413, "request_too_large")
        client.send(b" " * 3_000_000)
        client.send(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert client.answer()[0] == 200


def test_a_refused_body_without_end_is_cut_off(door, monkeypatch):
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)
    with door.connect() as client:
        client.send(HEAD + b"content-length: 3000000\r\n\r\n")
        assert client.error()[0] == 413
        assert client.rest() == b""


def test_a_connection_that_says_nothing_is_closed_without_a_word(door, monkeypatch):
    monkeypatch.setattr(connection, "KEEP_ALIVE", 0.1)
    with door.connect() as client:
        assert client.rest() == b""


@pytest.mark.slow
def test_line_ends_after_a_request_do_not_disturb_its_answer_and_are_no_request(door, stub, reply, ask, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    stub.script("primary-1", reply("hello", delay=0.4))
    with door.connect() as client:
        client.send(ask())
        time.sleep(0.05)
        client.send(b"\r\n")
        assert client.answer()[0] == 200
        assert client.rest() == b""


def test_a_slow_but_steady_client_is_served(door, ask):
    with door.connect() as client:
        data = ask()
        for start in range(0, len(data), 40):
            client.send(data[start : start + 40])
            time.sleep(0.01)
        assert client.answer()[2]["choices"][0]["message"]["content"] == "hello"


def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_failure(door, caplog):
    with door.connect() as client:
        client.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{")
        door.until(lambda: door.runtime.accounting.in_flight == 1)
    door.until(lambda: door.runtime.accounting.in_flight == 0)
    assert door.runtime.accounting.abandoned == 1
    assert not [record for record in caplog.records if record.getMessage() == "request failed"]


async def flood(request):
    async def pieces():
        for _ in range(2_000):
            yield b"x" * 65536

    return StreamingResponse(pieces())


async def large(request):
    return PlainTextResponse("x" * 20_000_000)


@pytest.mark.parametrize("path", ["/flood", "/large"])
def test_a_reader_that_does_not_read_is_cut_off_and_holds_back_what_writes_for_it(host, monkeypatch, path):
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.2)
    door = host(Starlette(routes=[Route("/flood", flood), Route("/large", large)]))
    with door.connect() as client:
        client.send(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        door.until(lambda: door.serving.busy == 1 or len(door.serving.connections) == 0)
        door.until(lambda: door.serving.busy == 0)
        door.until(lambda: len(door.serving.connections) == 0)


@pytest.mark.slow
def test_a_reader_that_rests_now_and_then_gets_everything(host, monkeypatch):
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.5)
    door = host(Starlette(routes=[Route("/large", large)]))
    with door.connect() as client:
        client.send(b"GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        time.sleep(0.2)
        assert len(client.rest()) > 20_000_000
