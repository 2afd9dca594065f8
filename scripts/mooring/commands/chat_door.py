"""`python -m mooring.commands.chat_door`: the process beside an environment that platforms of chat deliver to.

Its supervisor keeps it running where the live release connects a platform, and `commands.beside` says when it ends. It
hears as soon as it runs; what an earlier one left, it takes over once that has ended.
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
from pathlib import Path

from mooring.chat.actions.table import ACTIONS
from mooring.chat.platforms import table
from mooring.chat.serve.door import Door
from mooring.commands import beside
from mooring.operate.monitor import store
from mooring.operate.monitor.collect import collect
from mooring.runtime.core.logs import configure
from mooring.runtime.process.handover import Handover

LOCK = "chat.lock"

EXPENDABLE = "500"
"""How much sooner than others the kernel ends it when memory is short (proc(5), oom_score_adj): slots serve."""

log = logging.getLogger("mooring.chat")


def main(argv: Sequence[str]) -> int:
    """Runs until told to end, or until there is nothing beside which to run."""
    configure(sys.stderr)
    log.setLevel(logging.INFO)
    os.umask(0o077)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(EXPENDABLE, encoding="ascii")
    options = beside.parse("mooring.commands.chat_door", argv)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    asyncio.run(_run(options, ended))
    return 0


def serve(root: Path, state: Path, environment: str, listening: socket.socket) -> None:
    """Hears at a socket until SIGINT or SIGTERM."""
    ended = threading.Event()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        door = _door(root, state, environment)
        server = beside.server(door.app)

        def end() -> None:
            ended.set()
            server.stop()

        for told in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(told, end)
        await _keep(door, server, listening, ended, state)

    asyncio.run(run())


async def _run(options: argparse.Namespace, ended: threading.Event) -> None:
    listening = socket.socket(fileno=options.listen_fd)
    Handover(options.handover, listening)
    door = _door(options.root, options.state, options.environment)
    server = beside.server(door.app)

    def end() -> None:
        ended.set()
        server.stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    if ended.is_set():  # while all this was made
        server.stop()
    look = asyncio.create_task(beside.watch(options.supervisor, lambda: _look(options.doors), "door", log))
    look.add_done_callback(lambda _done: end())  # even if it failed: a door must never be left over
    await _keep(door, server, listening, ended, options.state)
    look.cancel()
    await asyncio.gather(look, return_exceptions=True)


def _door(root: Path, state: Path, environment: str) -> Door:
    return Door(root, state, environment, ACTIONS, lambda document, name: table.adapter(document, name, os.environ))


async def _keep(
    door: Door, server: beside.Server, listening: socket.socket, ended: threading.Event, state: Path
) -> None:
    """Serves until the server is told to stop, and lets what goes on end."""
    tasks = [asyncio.create_task(work) for work in (door.tidy(), _take_over(door, state, ended))]
    await server.serve(sockets=[listening])
    ended.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await door.close()


async def _take_over(door: Door, state: Path, ended: threading.Event) -> None:
    """Once an earlier door of this folder has ended."""
    if await asyncio.to_thread(store.lock, state, ended.is_set, name=LOCK) is not None:
        await door.take_over()


async def _look(doors: Path) -> tuple[bool, int | None]:
    answers = await collect(doors)
    return bool(answers.all), answers.supervisor["supervisor"] if answers.supervisor else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
