"""Divides a stream of bytes at places that its content decides, so that what is the same becomes the same pieces."""

import zlib
from collections.abc import Iterator
from typing import IO

LEAST, MOST = 2**20, 8 * 2**20
"""Bytes of a piece."""

ODDS = 512
"""One line in so many ends a piece that is long enough."""

_TAIL = 64
"""Bytes before the end of a line that decide."""


def cut(stream: IO[bytes]) -> Iterator[bytes]:
    """The pieces of what is read, which holds lines of text."""
    held = bytearray()
    while data := stream.read(LEAST):
        held += data
        while (end := _end(held)) is not None:
            yield bytes(held[:end])
            del held[:end]
    if held:
        yield bytes(held)


def _end(held: bytearray) -> int | None:
    """Where the first piece ends; None while that cannot be told."""
    at = LEAST
    while (at := held.find(b"\n", at) + 1) and at <= MOST:
        if zlib.crc32(held[at - _TAIL : at]) % ODDS == 0:
            return at
    return MOST if len(held) >= MOST else None
