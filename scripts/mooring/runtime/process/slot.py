"""One worker of a slot: loads a release, builds its app and serves it when told to be live.

It needs its supervisor for nothing: when that is killed, the slot goes on serving. It ends on
SIGTERM or `POST /stop`, after the requests in flight; it exits with 1 when the release cannot run,
and the supervisor starts it again.
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.release.program import program
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.settings import Settings
from mooring.runtime.process import unix_http
from mooring.runtime.process.connect import connect
from mooring.runtime.process.descriptors import FEWEST, connections_allowed
from mooring.runtime.process.handover import Handover
from mooring.runtime.process.preload import preload
from mooring.runtime.process.siblings import Siblings

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.runtime.door.acceptor import Acceptor
    from mooring.runtime.door.serving import Serving

LIVE = "live"
"""The file in the state folder that says which slot has the traffic."""

DRAIN = 60.0
"""Seconds an ending slot waits for requests in flight when nobody says otherwise."""

Build = Callable[["Release", Settings], Any]
"""Makes the ASGI app; its `state.runtime` is asked for readiness, answers and counts, and health where it has one."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `release` is a file named by its digest; `admin` the door, and `admin`.fd the handover."""

    slot: str
    release: Path
    listening: int
    admin: Path
    state: Path
    worker: int = 1
    workers: int = 1

    @property
    def digest(self) -> str:
        return f"sha256:{self.release.stem}"


class Slot:
    """Not ready -> ready (live or not) -> stopping."""

    def __init__(self, options: Options, build: Build) -> None:
        self.options = options
        self.release: Release | None = None
        self.runtime: Any = None
        self.program: str | None = None
        self.serving: Serving | None = None
        self.siblings = Siblings(options.admin, options.slot, options.worker, options.workers)
        self.drain = DRAIN
        self._build = build
        self._stopping: asyncio.Future[tuple[float, float | None]] = asyncio.get_running_loop().create_future()
        self.drained = asyncio.Event()

    @property
    def accepting(self) -> bool:
        return self.serving is not None and self.serving.acceptor.accepting

    def ready(self) -> tuple[bool, list[str]]:
        """Whether it may be live, and if not, why."""
        if self.serving is None or self._stopping.done():
            return False, ["stopping" if self.serving else "starting"]
        ready, reasons = self.runtime.ready()
        return ready, list(reasons)

    def stop(self, cap: float | None = None, quiet: float | None = None) -> None:
        """Begin to end: `cap` seconds for requests in flight, `quiet` for idle keep-alive connections."""
        if not self._stopping.done():
            self._stopping.set_result((self.drain if cap is None else cap, quiet))

    async def run(self, routes: Mapping[str, unix_http.Handler], at_end: Callable[[], None] = lambda: None) -> int:
        """Serves until stopped, with an admin door that answers `routes`; the exit code.

        `at_end` is called when the last request has ended.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        listening = socket.socket(fileno=self.options.listening)
        Handover(self.options.admin.with_suffix(".fd"), listening)
        await unix_http.serve(self.options.admin, routes)
        starting = loop.create_task(self._start(listening))
        await asyncio.wait((starting, self._stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and (error := starting.exception()):
            self.failed(error)
            return 1
        cap, quiet = await self._stopping
        if self.serving:
            await self.finish(self.serving, cap, quiet)
            at_end()
        self.drained.set()
        await asyncio.sleep(0.05)  # whoever asked for the end gets the answer
        return 0

    async def _start(self, listening: socket.socket) -> None:
        """The imports take a second or two; in a thread, so that the door answers meanwhile."""
        release, app, host = await asyncio.to_thread(self._load)
        from mooring.runtime.door.tls import Certificate

        self.release = release
        limits, workers = release.content.environment.serving, self.options.workers
        # Connections are shared out; requests are counted over all workers, so that one alone may have them all.
        allowed = connections_allowed(max(FEWEST, limits.max_connections // workers), limits.max_in_flight)
        secure = Certificate(limits.tls).context if limits.tls else None
        serving = host(app, listening, allowed, secure)
        self.share(serving.acceptor)
        await serving.start()
        await asyncio.to_thread(preload)
        self.runtime = app.state.runtime
        self.runtime.accounting.keep(self.options.admin.with_suffix(".counts"))
        if hasattr(self.runtime, "health"):
            connect(self.runtime, self.siblings, lambda: self.accepting)
        # What is there now stays: the collector, which would go through it again and again, need not look at it.
        gc.collect()
        gc.freeze()
        self.serving = serving
        self.started(serving)
        LOGGER.info("ready", extra={"slot": self.options.slot, "release": self.options.digest})

    # --- what is different where no supervisor hosts it ---

    def started(self, serving: "Serving") -> None:
        """Is called once the release is loaded; here the supervisor has the next word. What it raises ends the slot."""

    def peers(self) -> int:
        """How many pods serve the slot, this one included."""
        return 1

    def failed(self, error: BaseException) -> None:
        """Says why the slot cannot start."""
        LOGGER.error("cannot start: %s", error, exc_info=error)

    async def finish(self, serving: "Serving", cap: float, quiet: float | None) -> None:
        """Ends after the requests in flight. The other slot has the listening socket, and what still comes to it."""
        await serving.stop(cap, quiet, self.runtime.busy)

    def share(self, acceptor: "Acceptor") -> None:
        """What it has in common with the other slot and with the other workers."""
        from mooring.runtime.door.fair import Fair
        from mooring.runtime.door.live import Live

        options = self.options
        acceptor.live = Live(options.state / LIVE, options.slot)
        if options.workers > 1:
            path = options.admin.with_name(f"{options.slot}.load")
            acceptor.fair = Fair(path, options.worker, options.workers)

    def _load(self) -> tuple["Release", Any, type["Serving"]]:
        from mooring.release.verify import verify_file
        from mooring.runtime.door.serving import Serving

        self.program = program()
        release = verify_file(self.options.release)
        settings = Settings(
            self.options.slot,
            self.options.state,
            os.environ.get("MOORING_SIMULATOR_URL"),
            dict(os.environ),
            worker=self.options.worker,
            workers=self.options.workers,
            peers=self.peers,
        )
        return release, self._build(release, settings), Serving
