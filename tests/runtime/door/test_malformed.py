"""What is no request is answered as an error of the same shape, and never disturbs another answer."""

import time

import pytest

from mooring.runtime.door.connection import HEAD_LIMIT


@pytest.fixture
def door(open_door):
    return open_door()


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HELLO\r\n\r\n",
        b"GET /v1/models HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost door\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_closed(door, data):
    with door.connect() as client:
        client.send(data)
        assert client.error() == (400, "invalid_http")
        assert client.rest() == b""


def test_a_body_that_breaks_its_own_framing_is_refused_at_once(door, post):
    with door.connect() as client:
        client.send(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"
        )
        assert client.error() == (400, "invalid_http")
    assert door.runtime.accounting.failed == 0


def test_headers_without_end_are_refused(door):
    with door.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nx: ")
        for _ in range(HEAD_LIMIT // 8192 + 1):
            client.send(b"a" * 8192)
        assert client.error() == (431, "headers_too_large")


def test_rubbish_after_a_request_does_not_break_into_its_answer(door, stub, reply, ask):
    stub.script("primary-1", reply("hello", delay=0.2))
    with door.connect() as client:
        client.send(ask())
        time.sleep(0.05)
        client.send(b"\x00\x01\x02 rubbish\r\n\r\n")
        assert client.answer()[2]["choices"][0]["message"]["content"] == "hello"
        assert client.rest() == b""


def test_pipelined_requests_are_answered_in_order(door, ask):
    with door.connect() as client:
        client.send(ask() + b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n")
        first = client.socket.recv(65536)
        while b"not_found" not in first:
            first += client.socket.recv(65536)
        assert first.index(b"chat.completion") < first.index(b"not_found")


@pytest.mark.parametrize("other", ["websocket", "h2c"])
def test_another_protocol_is_not_spoken(door, post, other):
    with door.connect() as client:
        client.send(post({"model": "nobody", "messages": []}, connection="upgrade", upgrade=other))
        assert client.error()[0] == 400
        assert client.rest() == b""


def test_a_path_that_is_no_utf8_is_not_found(door):
    with door.connect() as client:
        client.send(b"GET /agents/%ff%fe/runs HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert client.answer()[0] in (404, 405)
