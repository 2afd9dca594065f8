"""`python -m mooring.commands.monitor`: the process beside an environment that says how it is.

Its supervisor keeps it running, and `commands.beside` says when it ends.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from mooring.commands import beside
from mooring.errors import Stopped
from mooring.operate.monitor import store
from mooring.operate.monitor.monitor import Monitor
from mooring.operate.monitor.sampler import Sampler
from mooring.operate.monitor.server import application
from mooring.operate.objectives.standing import Standings
from mooring.operate.records import Records
from mooring.operate.status import status
from mooring.report.page.page import page
from mooring.runtime.core.logs import configure
from mooring.runtime.process.handover import Handover
from mooring.state.records import machines
from mooring.targets import table
from mooring.targets.protocol import Target

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec import Objectives

NAMES = "MOORING_NAMES"
"""The variable with host names, separated by commas, by which the monitor may be asked besides this machine's own."""

log = logging.getLogger("mooring.monitor")


def main(argv: Sequence[str]) -> int:
    """Runs until told to end, or until there is nothing more to say."""
    configure(sys.stderr)
    log.setLevel(logging.INFO)
    os.umask(0o077)
    options = beside.parse("mooring.commands.monitor", argv)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    held = store.lock(options.state, ended.is_set)
    if held is None:
        return 0
    asyncio.run(_run(options, ended))
    os.close(held)
    return 0


async def _run(options: argparse.Namespace, ended: threading.Event) -> None:
    target = table.target(options.root, options.environment, options.state)
    records = Records(options.root, options.state, options.environment)
    sources = _Sources(target, records)
    sampler = Sampler(records, f"{machines.host()} {options.state}", sources.promised)
    monitor = Monitor(options.doors, records, sampler, sources)
    listening = socket.socket(fileno=options.listen_fd)
    Handover(options.handover, listening)
    server = beside.server(application(monitor, page, _names()))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    if ended.is_set():  # while all this was made
        server.stop()
    looking = asyncio.create_task(monitor.run())
    watching = asyncio.create_task(beside.watch(options.supervisor, partial(_look, monitor), "monitor", log))
    watching.add_done_callback(lambda _done: server.stop())  # even if it failed: a monitor must never be left over
    await server.serve(sockets=[listening])
    for task in (looking, watching):
        task.cancel()
    await asyncio.gather(looking, watching, return_exceptions=True)
    records.close()


def _names() -> list[str]:
    return [name for name in os.environ.get(NAMES, "").lower().split(",") if name]


class _Sources:
    """What the monitor asks of the target and of what is on record."""

    def __init__(self, target: Target, records: Records) -> None:
        self._target, self._records, self._standings = target, records, Standings(records)

    def live(self) -> "Release | None":
        """The live release, where that can be said."""
        with suppress(Stopped):
            return self._target.live()
        return None

    def promised(self) -> "Objectives | None":
        """The objectives of the live release, if it has any."""
        release = self.live()
        return release.content.promised if release else None

    def status(self) -> dict[str, Any]:
        return status(self._target, self._records, self._standings)

    def objectives(self) -> list[dict[str, Any]]:
        return self._standings.read(self.live()) or []


async def _look(monitor: Monitor) -> tuple[bool, int | None]:
    """A full disk keeps nobody from knowing who answered."""
    try:
        await monitor.look()
    except Exception as error:  # noqa: BLE001 - whoever looks all the time has said so
        log.debug("cannot look: %r", error)
    return monitor.anybody, monitor.supervisor


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
