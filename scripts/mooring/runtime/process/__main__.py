"""`python -m mooring.runtime.process`: runs one worker of a slot to its end."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.runtime.core.logs import configure
from mooring.runtime.core.settings import Settings
from mooring.runtime.process import admin, figures
from mooring.runtime.process.slot import Build, Options, Slot

if TYPE_CHECKING:
    from mooring.release.release import Release


def real_app(release: "Release", settings: Settings) -> Any:
    """The agent server, imported only now."""
    from mooring.runtime.door.app import create_app

    return create_app(release, settings)


def parse(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="mooring.runtime.process")
    parser.add_argument("--slot", required=True)
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--listen-fd", dest="listening", type=int, required=True)
    parser.add_argument("--admin", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--worker", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    return Options(**vars(parser.parse_args(argv)))


def main(argv: Sequence[str], build: Build = real_app) -> int:
    """Runs one slot to its end. Logs go to standard error as JSON lines."""
    options = parse(argv)
    configure(sys.stderr, {"worker": options.worker} if options.workers > 1 else None)
    logging.raiseExceptions = False  # a full disk must not end a slot that serves
    return asyncio.run(_run(options, build))


async def _run(options: Options, build: Build) -> int:
    slot = Slot(options, build)
    return await slot.run(admin.routes(slot), lambda: figures.leave(slot))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
