"""Counts every request in and out, so that a deployment can say how many it lost."""

from collections.abc import Iterable
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mooring.runtime.watch.tally import Tally, read

UNCOUNTED = ("/livez", "/startupz", "/readyz", "/healthz", "/metrics")
"""Paths, and what is below them, that watch the server rather than use it."""

BROKEN = "mooring.broken"
"""Set in a request's scope when its answer broke off after it had begun with status 200."""

EXCUSED = "mooring.excused"
"""Set in its scope when its answer repeats one that was counted before, whatever that was."""

COUNTED = ("received", "answered", "failed", "abandoned", "in_flight")


class Accounting:
    """Requests of one process of a slot. Always `received == answered + failed + abandoned + in_flight`.

    Those that were refused for want of a key, or beyond a limit, are not among them.
    `answered` ended below status 500, `failed` with 500 or above, without an answer or in the middle of one;
    `abandoned` are those whose client was gone before the answer was complete. `lost` are those of the slot's earlier
    processes that were in flight when these ended; the supervisor tells.
    """

    def __init__(self) -> None:
        self.received = self.answered = self.failed = self.abandoned = self.in_flight = 0
        self.lost = 0
        self._tally: Tally | None = None

    def data(self) -> dict[str, int]:
        """JSON-able, by name."""
        return {name: getattr(self, name) for name in (*COUNTED, "lost")}

    def keep(self, path: Path) -> None:
        """Keeps the counts in a file that outlives the process. Raises OSError."""
        self._tally = Tally(path)
        self._note()

    def _note(self) -> None:
        if self._tally:
            self._tally.write((self.received, self.answered, self.failed, self.abandoned, self.in_flight))

    def open(self) -> None:
        """Takes one request into flight."""
        self.received += 1
        self.in_flight += 1
        self._note()

    def close(self, exchange: "Exchange") -> None:
        """Moves one request out of flight."""
        self.in_flight -= 1
        if exchange.gone:
            self.abandoned += 1
        elif exchange.well:
            self.answered += 1
        else:
            self.failed += 1
        self._note()


class Exchange:
    """One request as its connection saw it: whether the answer was complete, and whether the client left first."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self.status = 0
        self.complete = self.gone = False

    async def receive(self) -> Message:
        """The next message of the client; remembers that it left."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.complete:
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        """Sends a message; remembers the status and the end of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.complete = True

    @property
    def well(self) -> bool:
        """Whether a whole answer was sent, and no server error."""
        good = self.status < 500 and not self._scope.get(BROKEN)
        return self.complete and (good or bool(self._scope.get(EXCUSED)))


class CountRequests:
    """ASGI middleware that keeps an `Accounting`."""

    def __init__(self, app: ASGIApp, accounting: Accounting) -> None:
        self.app = app
        self.accounting = accounting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or watches(scope["path"]):
            return await self.app(scope, receive, send)
        exchange = Exchange(scope, receive, send)
        self.accounting.open()
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            self.accounting.close(exchange)


def watches(path: str) -> bool:
    """Whether a path watches the server rather than uses it."""
    return below(path, UNCOUNTED)


def below(path: str, places: Iterable[str]) -> bool:
    """Whether a path is one of `places`, or below it."""
    return any(path == place or path.startswith(f"{place}/") for place in places)


def kept(path: Path, pid: int | None) -> dict[str, int] | None:
    """What the process `pid` had counted until its end; None when it kept nothing there."""
    numbers = read(path, pid)
    return dict(zip(COUNTED, numbers, strict=False)) if numbers else None
