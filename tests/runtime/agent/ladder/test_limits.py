"""On real sockets: a vendor that cannot be reached, accepts and says nothing, or opens a stream and says nothing."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from tests.runtime.hosting import rung_of
from tests.runtime.sample import sample

LONG: dict[str, Any] = {
    "hedge": {"enabled": False},
    "rungs": {"L0": {"tries": 1, "timeoutSeconds": 20}, "L1": {"timeoutSeconds": 20}},
}


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


@pytest.fixture
def unreachable() -> Iterator[str]:
    """The URL of a server whose queue of connections is full: no more are answered, and none refused."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(client := socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        for client in waiting:
            client.close()


def release(primary: str, others: str, **ladder: Any) -> Release:
    """The sample, its models at real addresses."""
    content: dict[str, Any] = sample(ladder=ladder, deadlineSeconds=60).content.model_dump(mode="json", by_alias=True)
    content["environment"] |= {"endpoints": "real"}
    for name, model in content["models"].items():
        model |= {"baseUrl": primary if name == "primary" else f"{others}/v1", "secretRef": "env:KEY"}
    return Release.of(ReleaseContent.model_validate(content))


def asked(serve, stub, primary: str, stream: bool, **ladder: Any) -> tuple[str, float]:
    serving = serve(release(primary, stub.url, **ladder), environ={"KEY": "key"})
    started = time.monotonic()
    answer = serving.chat(stream=stream)
    assert "second" in answer.text
    return rung_of(answer), time.monotonic() - started


BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


@BOTH
def test_a_vendor_that_accepts_and_says_nothing_is_hedged(serve, stub, reply, silent, stream):
    stub.script("alternate-1", reply("second"))
    rung, seconds = asked(serve, stub, silent, stream, **LONG | {"hedge": {"afterSeconds": 0.3}})
    assert (rung, 0.3 <= seconds < 5) == ("L1", True)


@pytest.mark.slow
@BOTH
def test_a_connection_that_does_not_come_about_is_given_up_long_before_an_answer_is(
    serve, stub, reply, unreachable, stream
):
    stub.script("alternate-1", reply("second"))
    rungs = LONG["rungs"] | {"L0": {"tries": 1, "connectSeconds": 0.3, "timeoutSeconds": 20}}
    rung, seconds = asked(serve, stub, unreachable, stream, **LONG | {"rungs": rungs})
    assert (rung, 0.3 <= seconds < 5) == ("L1", True)


def test_a_stream_that_does_not_begin_is_given_up_long_before_a_whole_answer_is(serve, stub, reply, silent):
    stub.script("alternate-1", reply("second"))
    rungs = LONG["rungs"] | {"L0": {"tries": 1, "firstByteSeconds": 0.3, "timeoutSeconds": 20}}
    rung, seconds = asked(serve, stub, silent, True, **LONG | {"rungs": rungs})
    assert (rung, 0.3 <= seconds < 5) == ("L1", True)


def test_a_stream_that_opens_and_brings_nothing_is_no_stream_that_began(serve, stub, reply):
    """The first chunk names the role and is empty; then the words take longer than the limit."""
    stub.script("primary-1", reply("first of all", pace=1))
    stub.script("alternate-1", reply("second"))
    rungs = LONG["rungs"] | {"L0": {"tries": 1, "firstByteSeconds": 0.3, "timeoutSeconds": 20}}
    rung, seconds = asked(serve, stub, f"{stub.url}/v1", True, **LONG | {"rungs": rungs})
    assert (rung, seconds < 5) == ("L1", True)
