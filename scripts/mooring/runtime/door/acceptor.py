"""Being live means accepting.

Every slot holds a duplicate of the one listening socket. The live slot watches it and accepts. Before a
switch the other one is armed: it watches too, and accepts from the moment on at which a few bytes that all
processes see name it. Whatever comes in between waits in the kernel's queue, so nothing is refused.

Two things that would lose requests are never done: `asyncio.Server.close()` drops connections that
are accepted but not yet attached, and closing an idle keep-alive connection races with the request
that its client may be sending. A slot that is not live answers `Connection: close` instead.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

from mooring.runtime.door.fair import Fair
from mooring.runtime.door.live import Live

BATCH = 64
"""Connections taken in one turn of the event loop, so that a flood cannot starve answers."""

LEAVE_SECONDS, CROWD = 0.005, 8
"""That a worker with more connections than another leaves the next one to that, and, when it is still there afterwards,
how many connections it has for each one that it takes all the same: few are shared evenly, and many need not wait."""

FULL_SECONDS, EXHAUSTED_SECONDS = 0.02, 1.0
"""Until it looks again for room, and, as asyncio's own server does, for descriptors or memory."""

EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

HANDSHAKE_SECONDS, CROWDED_HANDSHAKE_SECONDS = 10.0, 2.0
"""Seconds a client of TLS has to shake hands, and when many are at it."""

log = logging.getLogger(__name__)


class Acceptor:
    """Accepts on `listening` while it is on, and hands every connection to a new protocol of `factory`.

    When there is `room` for none, they wait in the kernel's queue until there is. With `secure` they speak TLS.
    `fair` and `live` are what it shares with other processes, if any; `held` says how many connections it has.
    """

    def __init__(
        self,
        listening: socket.socket,
        factory: Callable[[], asyncio.Protocol],
        room: Callable[[], int] = lambda: BATCH,
        secure: Callable[[], ssl.SSLContext] | None = None,
        held: Callable[[], int] = lambda: 0,
    ) -> None:
        listening.setblocking(False)
        self._room, self._secure = room, secure
        self._listening, self._held = listening, held
        self.fair: Fair | None = None
        self.live: Live | None = None
        self._factory = factory
        self._attaching: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.get_running_loop()
        self._on = self._armed = False
        self.off_since = self._loop.time()
        self._left, self._late = 0.0, 0

    def on(self, armed: bool = False) -> None:
        """Become live; when `armed`, as soon as `live` names this slot. Does nothing when live already."""
        self._armed = armed and self.live is not None and not self.accepting
        self._on = True
        self.share()
        if self.live and not armed:
            self.live.trust()
        self._loop.add_reader(self._listening, self._asked)

    @property
    def accepting(self) -> bool:
        """Whether it is live."""
        if self._armed and self.live and self.live.here():
            self._armed = False
            self.live.trust()
        return self._on and not self._armed

    def off(self) -> None:
        """Stop being live. Connections that were accepted are kept."""
        if self.accepting:
            self.off_since = self._loop.time()
        self._on = False
        self._loop.remove_reader(self._listening)
        if self.fair:
            self.fair.say(None)

    def listen(self, backlog: int) -> None:
        """Lets clients in that a socket refuses which is only bound."""
        self._listening.listen(backlog)

    def close(self) -> None:
        """Takes what waits in the queue, and closes the listening socket: whoever comes now is refused."""
        self._asked()
        self.off()
        self._listening.close()

    @property
    def attaching(self) -> int:
        """Connections accepted but not yet with their protocol."""
        return len(self._attaching)

    def share(self) -> None:
        """Tells the other workers how many connections this one has.

        To be called when one ends, too: a worker that said so only when it accepts would look busy to the others long
        after its clients have left, and be passed over in the next burst.
        """
        if self.fair and self._on:
            self.fair.say(self._held() + self.attaching)

    def _asked(self) -> None:
        if self.accepting:
            self._drain()

    def _drain(self) -> None:
        allowed = self._taken_late()
        for _ in range(BATCH):
            if self._room() <= self.attaching:
                self._pause(FULL_SECONDS)
                return
            if self._leaves():
                if allowed == 0:
                    self._left = self._loop.time()
                    self._pause(LEAVE_SECONDS)
                    return
                allowed -= 1
            if self.live and self.live.elsewhere():
                self.off()
                return
            try:
                connection, _address = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue  # the client gave up while queued
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                log.error("cannot accept: %s", error)
                self._pause(EXHAUSTED_SECONDS)
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._attach(connection))
            self._attaching.add(task)
            task.add_done_callback(self._attaching.discard)

    def _taken_late(self) -> int:
        """How many it takes although another has fewer: what was left to that, and is still there.

        More each time that the other, which must be busy, has not caught up.
        """
        if self._loop.time() - self._left >= 2 * LEAVE_SECONDS:
            self._late = 0
            return 0
        self._late = min(2 * self._late + 1, BATCH) if self._leaves() else 0
        return max(self._late, self._held() // CROWD)

    def _leaves(self) -> bool:
        """Whether another worker is to have the next one."""
        if self.fair is None:
            return False
        self.share()
        return self.fair.leaves()

    async def _attach(self, connection: socket.socket) -> None:
        try:
            if self._secure is None:
                await self._loop.connect_accepted_socket(self._factory, connection)
            else:
                crowded = 4 * self.attaching > self.attaching + self._room()
                limit = CROWDED_HANDSHAKE_SECONDS if crowded else HANDSHAKE_SECONDS
                await self._loop.connect_accepted_socket(
                    self._factory, connection, ssl=self._secure(), ssl_handshake_timeout=limit
                )
        except OSError as error:
            log.warning("connection lost before its first byte: %s", error)
            connection.close()

    def _pause(self, seconds: float) -> None:
        """Looks again later."""
        self._loop.remove_reader(self._listening)
        self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        if self._on:
            self._loop.add_reader(self._listening, self._asked)


def closing(app: Any, ending: Callable[[], bool]) -> Any:
    """The ASGI `app`, with `Connection: close` on every reply that starts while `ending` is true."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def closed(message: Any) -> None:
            if message["type"] == "http.response.start" and ending():
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await app(scope, receive, closed if scope["type"] == "http" else send)

    return wrapped
