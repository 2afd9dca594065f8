"""Workers share out connections, and a slot that has lost the traffic accepts nothing whether or not it was told."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.runtime.door.acceptor import Acceptor
from mooring.runtime.door.fair import Fair
from mooring.runtime.door.live import Live
from mooring.runtime.door.serving import Serving


class Held(asyncio.Protocol):
    """A connection that is kept."""


class Worker:
    """An acceptor with the connections it took."""

    def __init__(self, listening: socket.socket) -> None:
        self.taken: list[asyncio.Protocol] = []
        self.acceptor = Acceptor(listening.dup(), self._new, held=lambda: len(self.taken))

    def _new(self) -> asyncio.Protocol:
        self.taken.append(Held())
        return self.taken[-1]


def played(story: Callable[[socket.socket], Awaitable[None]]) -> None:
    async def play() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            await story(listening)

    asyncio.run(play())


async def connect(listening: socket.socket, count: int) -> list[asyncio.StreamWriter]:
    opened = await asyncio.gather(*(asyncio.open_connection(*listening.getsockname()) for _ in range(count)))
    return [writer for _reader, writer in opened]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


async def took(worker: Worker, connections: int) -> None:
    await until(lambda: len(worker.taken) == connections)


@pytest.mark.parametrize(("count", "workers", "fewest"), [(60, 3, 17), (16, 2, 7), (8, 2, 3)])
def test_a_burst_is_shared_evenly(tmp_path: Path, count: int, workers: int, fewest: int) -> None:
    async def story(listening: socket.socket) -> None:
        clients = await connect(listening, count)  # they wait in the kernel's queue
        all_workers = [Worker(listening) for _ in range(workers)]
        for number, worker in enumerate(all_workers, 1):
            worker.acceptor.fair = Fair(tmp_path / "load", number, workers)
        for worker in all_workers:
            worker.acceptor.on()
        await until(lambda: sum(len(worker.taken) for worker in all_workers) == count)
        assert min(len(worker.taken) for worker in all_workers) >= fewest, [len(each.taken) for each in all_workers]
        for client in clients:
            client.close()

    played(story)


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_connections_that_ended_are_not_held_against_a_worker(tmp_path: Path) -> None:
    async def story(listening: socket.socket) -> None:
        workers = [Serving(answer, listening.dup()) for _ in range(2)]
        for number, worker in enumerate(workers, 1):
            worker.acceptor.fair = Fair(tmp_path / "load", number, 2)
            worker.acceptor.on()
        another = Fair(tmp_path / "load", 3, 3)
        clients = await connect(listening, 20)
        await until(lambda: sum(len(worker.connections) for worker in workers) == 20)
        another.say(1)
        assert not another.leaves()
        for client in clients:
            client.close()
        await until(lambda: sum(len(worker.connections) for worker in workers) == 0)
        assert another.leaves()
        for worker in workers:
            worker.acceptor.off()

    played(story)


def test_what_a_busy_worker_leaves_is_taken_by_another_all_the_same(tmp_path: Path) -> None:
    async def story(listening: socket.socket) -> None:
        alive = Worker(listening)
        alive.acceptor.fair = Fair(tmp_path / "load", 1, 2)
        Fair(tmp_path / "load", 2, 2).say(0)  # it accepts, has none, and takes none
        alive.acceptor.on()
        clients = await connect(listening, 20)
        await until(lambda: len(alive.taken) == 20)
        for client in clients:
            client.close()

    played(story)


def test_a_worker_that_does_not_accept_is_left_nothing(tmp_path: Path) -> None:
    busy, off = Fair(tmp_path / "load", 1, 2), Fair(tmp_path / "load", 2, 2)
    busy.say(5)
    off.say(0)
    assert busy.leaves()
    off.say(None)
    assert not busy.leaves()


def test_a_slot_accepts_nothing_from_the_moment_the_traffic_is_another_ones(tmp_path: Path) -> None:
    async def story(listening: socket.socket) -> None:
        supervisor, blue = Live(tmp_path / "live"), Worker(listening)
        blue.acceptor.live = Live(tmp_path / "live", "blue")
        supervisor.say("blue")
        blue.acceptor.on()
        clients = await connect(listening, 1)
        await until(lambda: len(blue.taken) == 1)
        supervisor.say("green")
        clients += await connect(listening, 3)
        await until(lambda: not blue.acceptor.accepting)
        await asyncio.sleep(0.05)
        assert len(blue.taken) == 1
        blue.acceptor.on()  # an order goes before what is written, which may be nobody's any more
        await until(lambda: len(blue.taken) == 4)
        for client in clients:
            client.close()

    played(story)


def test_an_armed_slot_accepts_with_the_switch_and_not_before(tmp_path: Path) -> None:
    async def story(listening: socket.socket) -> None:
        supervisor = Live(tmp_path / "live")
        supervisor.say("blue")
        blue, green = Worker(listening), Worker(listening)
        blue.acceptor.live, green.acceptor.live = Live(tmp_path / "live", "blue"), Live(tmp_path / "live", "green")
        blue.acceptor.on()
        clients: list[asyncio.StreamWriter] = []
        for taken, (on, off) in enumerate(((green, blue), (blue, green), (green, blue)), 1):
            on.acceptor.on(armed=True)
            before = len(off.taken)
            clients += await connect(listening, 2)
            await took(off, before + 2)
            assert not on.acceptor.accepting
            had = len(on.taken)
            supervisor.say("green" if on is green else "blue")
            clients += await connect(listening, 2)
            await took(on, had + 2)
            assert (on.acceptor.accepting, len(blue.taken) + len(green.taken)) == (True, 4 * taken)
            off.acceptor.off()
        for client in clients:
            client.close()

    played(story)


def test_a_slot_that_was_armed_for_a_switch_that_did_not_come_accepts_nothing(tmp_path: Path) -> None:
    async def story(listening: socket.socket) -> None:
        green = Worker(listening)
        Live(tmp_path / "live").say("blue")
        green.acceptor.live = Live(tmp_path / "live", "green")
        green.acceptor.on(armed=True)
        green.acceptor.off()
        Live(tmp_path / "live").say("green")
        clients = await connect(listening, 1)
        await asyncio.sleep(0.05)
        assert (green.acceptor.accepting, green.taken) == (False, [])
        clients[0].close()

    played(story)
