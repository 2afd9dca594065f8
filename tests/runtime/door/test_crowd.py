"""More clients than a slot can serve are refused politely, and the slot goes on serving."""

import resource

import pytest

from mooring.runtime.door import connection, serving
from mooring.runtime.process import descriptors

OPEN_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
CROWD = min(10_000, OPEN_FILES - 4_000)
"""Streams at once. Both ends are in this process, so the limit on open files bounds them."""


@pytest.mark.slow
def test_requests_beyond_the_limit_are_told_when_to_come_back(open_door, stub, reply, ask):
    stub.script("primary-1", reply("hello", delay=0.4))
    door = open_door(requests=2)
    busy = [door.connect().send(ask()) for _ in range(2)]
    door.until(lambda: door.runtime.accounting.in_flight == 2)
    with door.connect() as client:
        status, headers, body = client.send(ask()).answer()
        assert (status, body["error"]["code"]) == (429, "too_many_requests")
        assert body["error"]["type"] == "rate_limit_error"
        assert (headers["retry-after"], headers["x-mooring-slot"]) == ("1", "blue")
        client.send(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert client.answer()[0] == 200
    assert [client.answer()[0] for client in busy] == [200, 200]
    assert door.runtime.accounting.failed == 0
    with door.connect() as client:
        assert client.send(ask()).answer()[0] == 200


@pytest.mark.slow
def test_a_refused_body_is_taken_in_first(open_door, stub, reply, ask):
    stub.script("primary-1", reply("hello", delay=0.4))
    door = open_door(requests=1)
    first = door.connect().send(ask())
    door.until(lambda: door.runtime.accounting.in_flight == 1)
    with door.connect() as client:
        assert client.send(ask("x" * 900_000)).error() == (429, "too_many_requests")
    assert first.answer()[0] == 200


def test_runs_that_nobody_waits_for_have_the_same_limit(open_door, stub, reply, post):
    stub.script("primary-1", reply("hello", delay=0.5))
    door = open_door(requests=2)
    with door.connect() as client:
        accepted = [client.send(post({"message": "hi"}, "/agents/support/runs")).answer()[0] for _ in range(2)]
        assert accepted == [202, 202]
        assert client.send(post({"message": "hi"}, "/agents/support/runs")).error() == (429, "too_many_requests")


def test_idle_connections_make_room(open_door, ask, monkeypatch):
    monkeypatch.setattr(serving, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(connection, "CROWDED_KEEP_ALIVE", 0.1)
    door = open_door(most=16)
    idle = [door.connect() for _ in range(20)]
    door.until(lambda: len(door.serving.connections) == 16)
    with door.connect() as client:
        assert client.send(ask()).answer()[0] == 200
    for client in idle:
        client.socket.close()


def test_an_answer_in_a_crowd_ends_its_connection(open_door, ask):
    door = open_door(most=16)
    others = [door.connect() for _ in range(13)]
    door.until(lambda: len(door.serving.connections) == 13)
    with door.connect() as client:
        assert client.send(ask()).answer()[1]["connection"] == "close"
    for client in others:
        client.socket.close()


@pytest.mark.slow
def test_ten_thousand_streams_are_answered_or_refused_and_none_is_dropped(open_door, stub, reply, ask):
    stub.script("primary-1", reply("a long answer", pace=0.3))
    door = open_door(requests=64, most=1024, deadlineSeconds=60, ladder={"rungs": {"L0": {"timeoutSeconds": 30}}})
    asking = ask(stream=True).replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
    crowd = [door.connect().send(asking) for _ in range(CROWD)]
    answers = []
    for client in crowd:
        client.socket.settimeout(60)
        answers.append(client.rest())
        client.socket.close()
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 429 ")]
    served = [answer for answer in answers if answer.startswith(b"HTTP/1.1 200 ")]
    assert len(refused) + len(served) == CROWD
    assert len(served) >= 64
    assert all(b"too_many_requests" in answer for answer in refused)
    assert all(b"[DONE]" in answer for answer in served)
    counts = door.runtime.accounting.data()
    assert (counts["received"], counts["failed"], counts["in_flight"]) == (CROWD, 0, 0)


@pytest.mark.parametrize(
    ("soft", "hard", "allowed", "raised"),
    [
        (20_000, 20_000, 2048, None),
        (1024, 20_000, 2048, 2048 + 128 + 768),
        (1024, 1024, 128, None),
        (256, 256, 16, None),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 2048, None),
        (1024, resource.RLIM_INFINITY, 2048, 2048 + 128 + 768),
    ],
)
def test_connections_leave_files_for_everything_else(monkeypatch, soft, hard, allowed, raised):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.append(wanted[0]))
    assert descriptors.connections_allowed(2048, 256) == allowed
    assert [limit for limit in limits if limit != soft] == ([raised] if raised else [])
