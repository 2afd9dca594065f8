"""Addresses of pods and nodes: 10.a.b.n in the cluster, 127.a.b.n on this machine.

EndpointSlices and the API server's proxy refuse loopback addresses, and tests may use no others. So whatever the
cluster is told is 10.a.b.n, and whoever connects to it goes to the same address with 127 in front; a pod's process
is told that one. All of 127.0.0.0/8 is loopback on Linux, so each pod has all ports to itself without a network
namespace. Source: ip(7) for the range; `ValidateEndpointIP` in k8s.io/kubernetes/pkg/apis/core/validation.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any


def loopback(address: str) -> str:
    """Where an address of the cluster is on this machine."""
    return f"127.{address.partition('.')[2]}"


class Addresses:
    """Those of one control plane. `port` is one that it holds, so that control planes of one machine share none."""

    def __init__(self, port: int) -> None:
        self._net = f"10.{port >> 8}.{port & 255}"
        self._taken: set[str] = set()
        self._numbers = itertools.cycle(range(1, 255))

    def take(self) -> str:
        """A free one, such as 10.170.3.17; one that was given back comes again as late as can be."""
        for number in itertools.islice(self._numbers, 254):
            address = f"{self._net}.{number}"
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise AssertionError("254 pods and nodes have all addresses")

    def give_back(self, address: str) -> None:
        self._taken.discard(address)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Held:
    """What a server does with each connection, in a task that is held here.

    The loop alone would forget one whose client is gone, and its other side would stay open.
    """

    def __init__(
        self, handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
    ) -> None:
        self._handle = handle
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._handle(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cuts those that are open."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def join(one: Ends, other: Ends) -> None:
    """Carries bytes both ways until both sides have ended; a side that breaks breaks the other, too."""
    try:
        async with asyncio.TaskGroup() as both:  # gather would leave the other one running
            both.create_task(_carry(one[0], other[1]))
            both.create_task(_carry(other[0], one[1]))
    except* OSError:
        for _, writer in (one, other):
            writer.transport.abort()
    finally:
        for _, writer in (one, other):
            writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with suppress(OSError, RuntimeError):  # it has ended already
        writer.write_eof()
