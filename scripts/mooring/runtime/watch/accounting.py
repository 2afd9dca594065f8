"""Counts every request in and out, so that a deployment can say how many it lost."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNCOUNTED = ("/livez", "/startupz", "/readyz", "/healthz", "/metrics")
"""Paths, and what is below them, that watch the server rather than use it."""

BROKEN = "mooring.broken"
"""Set in a request's scope when its answer broke off after it had begun with status 200."""


@dataclass
class Accounting:
    """Requests of one slot. Always `received == answered + failed + abandoned + in_flight`.

    `answered` ended below status 500, `failed` with 500 or above, without an answer or in the middle of one;
    `abandoned` are those whose client was gone before the answer was complete.
    """

    received: int = 0
    answered: int = 0
    failed: int = 0
    abandoned: int = 0
    in_flight: int = 0

    def data(self) -> dict[str, int]:
        """JSON-able, by name."""
        return dict(vars(self))

    def close(self, exchange: "Exchange") -> None:
        """Moves one request out of flight."""
        self.in_flight -= 1
        if exchange.gone:
            self.abandoned += 1
        elif exchange.well:
            self.answered += 1
        else:
            self.failed += 1


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
        return self.complete and self.status < 500 and not self._scope.get(BROKEN)


class CountRequests:
    """ASGI middleware that keeps an `Accounting`."""

    def __init__(self, app: ASGIApp, accounting: Accounting) -> None:
        self.app = app
        self.accounting = accounting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or watches(scope["path"]):
            return await self.app(scope, receive, send)
        exchange = Exchange(scope, receive, send)
        self.accounting.received += 1
        self.accounting.in_flight += 1
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            self.accounting.close(exchange)


def watches(path: str) -> bool:
    """Whether a path watches the server rather than uses it."""
    return any(path == watching or path.startswith(f"{watching}/") for watching in UNCOUNTED)
