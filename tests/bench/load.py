"""Sixteen clients in a process of their own, every second one with keep-alive: python -m tests.bench.load URL.

They ask until SIGTERM; then every answer goes to standard output as JSON: [when, who answered, error].
"""

import asyncio
import json
import signal
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CLIENTS = 16
Answer = tuple[float, str, str]


@dataclass
class Load:
    """Everything that was answered or was not; times by the machine's monotonic clock."""

    host: str
    port: int
    answers: list[Answer] = field(default_factory=list)
    stopped: bool = False

    async def client(self, keep_alive: bool) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self.stopped:
            try:
                streams = streams or await asyncio.open_connection(self.host, self.port)
                async with asyncio.timeout(20):
                    who, closing = await ask(*streams, keep_alive)
                self.answers.append((time.monotonic(), who, ""))
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.answers.append((time.monotonic(), "", repr(error)))
                closing = True
            if closing and streams:
                streams[1].close()
                streams = None


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep_alive: bool) -> tuple[str, bool]:
    """Who answered, and whether the connection ends with it. ValueError for anything but 200."""
    close = b"" if keep_alive else b"Connection: close\r\n"
    writer.write(b"GET /who HTTP/1.1\r\nHost: bench\r\n" + close + b"\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise ValueError(head.split(b"\r\n", 1)[0].decode())
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return (await reader.readexactly(length)).decode(), not keep_alive or b"connection: close" in head


async def main(url: str) -> None:
    """Asks until told to stop."""
    place = urlsplit(url)
    load = Load(place.hostname or "", place.port or 80)

    def stop() -> None:
        load.stopped = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    await asyncio.gather(*(load.client(number % 2 == 0) for number in range(CLIENTS)))
    json.dump(load.answers, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
