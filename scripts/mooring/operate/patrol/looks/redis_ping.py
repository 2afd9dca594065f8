"""Whether Redis answers PING.

Written out, since it is three commands: the client library would cost 6 MB and 70 ms at each start, greets a server
with commands that are no part of the check, and tries again behind its back.
Source: the Redis serialization protocol specification, https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from mooring.operate.patrol.reasons import reason
from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import RedisPing

PORT = 6379
LONGEST = 4096
"""Bytes of a reply."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and what opens it."""

    host: str
    port: int
    tls: bool
    database: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Parses `redis://USER:PASSWORD@HOST:PORT/DATABASE`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError(url)
        return cls(
            parts.hostname,
            parts.port or PORT,
            parts.scheme == "rediss",
            int(parts.path.strip("/") or 0),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    @property
    def commands(self) -> Iterator[tuple[str, ...]]:
        """What is said to it."""
        if self.password:
            yield ("AUTH", self.user, self.password) if self.user else ("AUTH", self.password)
        if self.database:
            yield "SELECT", str(self.database)
        yield ("PING",)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def looks(check: RedisPing, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        url = surroundings.secret(check.secret_ref) if check.secret_ref else check.url
        try:
            address = Address.of(url or "")
        except ValueError:
            raise NotMade(f"{check.secret_ref or 'url'} holds no address such as redis://HOST:{PORT}") from None
        return await ping(address)

    yield "", look


async def ping(address: Address) -> Found:
    """Opens a connection, says PING and closes it. Raises Trouble."""
    context = ssl.create_default_context() if address.tls else None
    try:
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=context, limit=LONGEST)
    except OSError as error:
        raise Trouble(reason(error, str(address))) from error
    try:
        for command in address.commands:
            writer.write(encoded(command))
            await writer.drain()
            expect(command[0], await _line(reader), address)
    except (OSError, EOFError) as error:
        raise Trouble(reason(error, str(address))) from error
    finally:
        writer.close()
    return Found()


async def _line(reader: asyncio.StreamReader) -> bytes:
    """One line of a reply; what is there where it has no end. Raises EOFError where nothing is."""
    try:
        return await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError:
        return await reader.read(LONGEST)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            return error.partial
        raise


def encoded(command: tuple[str, ...]) -> bytes:
    """A command as an array of bulk strings."""
    words = [word.encode() for word in command]
    return b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)])


def expect(command: str, reply: bytes, address: Address) -> None:
    """Raises Trouble unless the reply is the one to the command."""
    text = reply.decode("utf-8", "replace").strip()
    if text == ("+PONG" if command == "PING" else "+OK"):
        return
    if text.startswith("-NOAUTH"):
        raise Trouble(f"{address} wants a password; name the variable with it by secretRef")
    if text.startswith(("-WRONGPASS", "-ERR invalid password")):
        raise Trouble(f"{address} refuses the user or the password")
    if text.startswith("-"):
        raise Trouble(f"{address} answers {command} with {text[1:]}")
    raise Trouble(f"{address} does not speak the protocol of Redis")
