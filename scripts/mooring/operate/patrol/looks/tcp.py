"""Whether a port accepts a connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from mooring.operate.patrol.reasons import reason
from mooring.operate.patrol.seen import Found, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import Tcp


def looks(check: Tcp, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        host, port = split(check.address)
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            raise Trouble(reason(error, check.address)) from error
        writer.close()
        return Found()

    yield "", look


def split(address: str) -> tuple[str, int]:
    """Host and port of `host:port`, an IPv6 address without its brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
