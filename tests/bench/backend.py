"""What answers in the benchmark of switching: its own name, after 20 ms, behind any front.

`python -m tests.bench.backend serve NAME PORT` is a plain uvicorn server, for a proxy to send traffic to;
`... supervisor OPTIONS` and `... slot OPTIONS` are Mooring's own processes around the same app.
"""

import asyncio
import sys
from typing import Any

from mooring.runtime.watch.accounting import Accounting
from mooring.runtime.watch.memory_watch import MemoryWatch

SERVICE = 0.020
"""Seconds an answer takes."""


class _Runtime:
    accounting = Accounting()
    memory = MemoryWatch([], [], lambda ratio: None)

    def busy(self) -> int:
        return 0

    def ready(self) -> tuple[bool, list[str]]:
        return True, []


class App:
    """The least an ASGI app can be."""

    def __init__(self, name: str) -> None:
        self.name = name.encode()
        self.state = self
        self.runtime = _Runtime()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await asyncio.sleep(SERVICE)
        headers = [(b"content-length", str(len(self.name)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.name})


def main(argv: list[str]) -> int:
    """Runs until killed."""
    if argv[0] == "serve":
        import uvicorn

        uvicorn.run(App(argv[1]), port=int(argv[2]), log_level="error", timeout_keep_alive=75)
        return 0
    if argv[0] == "slot":
        from mooring.runtime.process.__main__ import main as serve_slot

        return serve_slot(argv[1:], lambda _release, settings: App(settings.slot))
    from mooring.targets.local import supervisor

    command = (sys.executable, __file__, "slot")
    return supervisor.main(argv[1:], supervisor.Commands(slot=command))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
