"""What processes beside an environment have in common: their options, their server, and when they end.

The supervisor keeps them running. They outlive it as long as slots do, and end when another supervisor starts others,
or when nothing of the environment has answered for a while.
"""

import argparse
import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

ALONE = 10
"""Seconds without any process of the environment after which it ends, once its supervisor has."""

MOST = 64
"""Connections at once."""

Look = Callable[[], Awaitable[tuple[bool, int | None]]]
"""Whether any process of the environment answers, and the process id of the supervisor that does."""


class Server(uvicorn.Server):
    """One that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def server(app: ASGIApp) -> Server:
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            limit_concurrency=MOST,
            timeout_graceful_shutdown=1,
        )
    )


async def watch(supervisor: int, look: Look, name: str, log: logging.Logger) -> None:
    """Until nobody is left beside whom to run, or somebody else is to. An error of a look keeps it from neither."""
    alone = 0
    while alone < ALONE:
        await asyncio.sleep(1)
        if os.getppid() != supervisor:
            anybody, other = await look()
            if other not in (None, supervisor):
                break
            alone = 0 if anybody else alone + 1
    log.info(f"ending: another supervisor starts another {name}" if alone < ALONE else "ending: nothing runs any more")


def parse(prog: str, argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=prog)
    for name in ("--root", "--state", "--doors", "--handover"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--listen-fd", type=int, required=True)
    parser.add_argument("--supervisor", type=int, required=True)
    return parser.parse_args(argv)
