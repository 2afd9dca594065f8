"""Being live means accepting: on the socket itself, with two servers side by side."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mooring.runtime.door.acceptor import Acceptor
from mooring.runtime.door.serving import Serving
from mooring.runtime.process.handover import Handover, take_back

Scenario = Callable[[Serving, Serving, int], Awaitable[None]]


def app(name: str) -> Any:
    """Answers with its name, after the seconds in the query."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        await asyncio.sleep(float(scope["query_string"] or 0))
        headers = [(b"content-length", str(len(name)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": name.encode()})

    return answer


def play(scenario: Scenario) -> None:
    """A blue and a green server on one socket, none of them live yet."""

    async def stage() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            blue, green = Serving(app("blue"), listening.dup()), Serving(app("green"), listening.dup())
            await blue.start()
            await green.start()
            try:
                await scenario(blue, green, listening.getsockname()[1])
            finally:
                await asyncio.gather(blue.stop(1, 0), green.stop(1, 0))

    asyncio.run(stage())


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def ask(self, sleep: float = 0) -> tuple[str, bool]:
        """Who answers, and whether the connection ends with it."""
        if not hasattr(self, "streams"):
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(f"GET /?{sleep} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert "date: " in head
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        return (await reader.readexactly(length)).decode(), "connection: close" in head


def test_connections_wait_while_nobody_is_live() -> None:
    async def scenario(blue: Serving, _green: Serving, port: int) -> None:
        waiting = [asyncio.create_task(Client(port).ask()) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in waiting)
        blue.acceptor.on()
        assert {who for who, _closing in await asyncio.gather(*waiting)} == {"blue"}

    play(scenario)


def test_an_idle_connection_outlives_the_switch_and_is_let_go_with_its_next_answer() -> None:
    async def scenario(blue: Serving, green: Serving, port: int) -> None:
        blue.acceptor.on()
        client = Client(port)
        assert await client.ask() == ("blue", False)
        green.acceptor.on()
        blue.acceptor.off()
        await asyncio.sleep(0.1)
        assert len(blue.connections) == 1
        assert await client.ask() == ("blue", True)
        assert await Client(port).ask() == ("green", False)

    play(scenario)


def test_a_request_under_way_is_answered_by_the_side_that_has_it() -> None:
    async def scenario(blue: Serving, green: Serving, port: int) -> None:
        blue.acceptor.on()
        asked = asyncio.create_task(Client(port).ask(0.3))
        await asyncio.sleep(0.1)
        assert blue.busy == 1
        green.acceptor.on()
        blue.acceptor.off()
        assert await Client(port).ask() == ("green", False)
        assert await asked == ("blue", True)

    play(scenario)


def test_switching_under_connections_loses_none() -> None:
    async def scenario(blue: Serving, green: Serving, port: int) -> None:
        blue.acceptor.on()
        answers: list[str] = []

        async def keep_asking() -> None:
            for _ in range(60):
                client = Client(port)
                answers.append((await client.ask())[0])
                client.streams[1].close()

        clients = [asyncio.create_task(keep_asking()) for _ in range(8)]
        sides = (blue, green)
        for number in range(50):
            sides[(number + 1) % 2].acceptor.on()
            sides[number % 2].acceptor.off()
            await asyncio.sleep(0.005)
        await asyncio.gather(*clients)
        assert len(answers) == 480
        assert set(answers) == {"blue", "green"}

    play(scenario)


def test_stopping_finishes_requests_and_gives_idle_clients_time_to_leave() -> None:
    async def scenario(blue: Serving, green: Serving, port: int) -> None:
        blue.acceptor.on()
        idle = Client(port)
        await idle.ask()
        asked = asyncio.create_task(Client(port).ask(0.4))
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(blue.stop(cap=5, quiet=0.3))
        await asyncio.sleep(0.1)
        assert await idle.ask() == ("blue", True)
        assert (await asked)[0] == "blue"
        await stopping
        assert len(blue.connections) == 0
        green.acceptor.on()

    play(scenario)


@pytest.mark.slow
def test_stopping_waits_no_longer_than_its_cap() -> None:
    async def scenario(blue: Serving, _green: Serving, port: int) -> None:
        blue.acceptor.on()
        asked = asyncio.create_task(Client(port).ask(30))
        await asyncio.sleep(0.1)
        start = asyncio.get_running_loop().time()
        await blue.stop(cap=0.2, quiet=0)
        assert asyncio.get_running_loop().time() - start < 10
        asked.cancel()
        with suppress(asyncio.CancelledError):
            await asked

    play(scenario)


class Exhausted:
    """A listening socket of a process without descriptors left, until `free`."""

    def __init__(self, real: socket.socket) -> None:
        self.real, self.free = real, False

    def fileno(self) -> int:
        return self.real.fileno()

    def setblocking(self, _on: bool) -> None:
        self.real.setblocking(False)

    def accept(self) -> Any:
        if not self.free:
            raise OSError(errno.EMFILE, "too many open files")
        return self.real.accept()


@pytest.mark.slow
def test_without_descriptors_it_pauses_and_looks_again() -> None:
    async def stage() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            exhausted = Exhausted(listening)
            taken: list[asyncio.Protocol] = []

            def factory() -> asyncio.Protocol:
                taken.append(asyncio.Protocol())
                return taken[-1]

            acceptor = Acceptor(exhausted, factory)  # type: ignore[arg-type]
            acceptor.on()
            _reader, writer = await asyncio.open_connection(*listening.getsockname())
            await asyncio.sleep(0.1)
            exhausted.free = True
            assert not taken
            async with asyncio.timeout(10):
                while not taken:  # noqa: ASYNC110 - the protocol has no event to wait for
                    await asyncio.sleep(0.05)
            acceptor.off()
            writer.close()

    asyncio.run(stage())


def test_the_listening_socket_is_handed_to_whoever_asks(tmp_path: Path) -> None:
    async def stage() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            Handover(tmp_path / "blue.fd", listening)
            for _ in range(3):
                taken = await asyncio.to_thread(take_back, tmp_path / "blue.fd")
                assert taken is not None
                assert taken.getsockname() == listening.getsockname()
                taken.close()

    asyncio.run(stage())


@pytest.mark.parametrize("there", [True, False])
def test_a_socket_nobody_hands_out_is_none(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "blue.fd").touch()
    assert take_back(tmp_path / "blue.fd") is None
