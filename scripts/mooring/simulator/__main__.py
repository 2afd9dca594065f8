"""`python -m mooring.simulator`: serves until it is told to stop."""

import argparse
import os
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from mooring.errors import FindingsError, MooringError, UsageError
from mooring.outcome import Exit


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mooring.simulator",
        description="A simulated model endpoint and demo tool services on loopback.",
    )
    parser.add_argument("--rules", type=Path, required=True, metavar="DIR", help="folder of rules and services")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="where the services keep their data")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    parser.add_argument("--announce", type=Path, metavar="FILE", help="is written with url and pid once it listens")
    parser.add_argument("--latency", type=float, default=0.02, metavar="SECONDS", help="of the model (default: 0.02)")
    parser.add_argument("--isolated", action="store_true", help="no run sees what another did to the services")
    parser.add_argument("--now", type=_moment, metavar="TIME", help="the services' time stands still at this one")
    parser.add_argument("--tied", action="store_true", help="end when standard input does")
    return parser.parse_args(argv)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 after SIGTERM; 1 with one line when the rules are wrong or the port is taken; 2 for wrong usage."""
    arguments = _arguments(argv)
    try:
        _serve(arguments)
    except FindingsError as error:
        print(*error.findings, sep="\n", file=sys.stderr)
        return Exit.STOPPED
    except (MooringError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return Exit.USAGE if isinstance(error, UsageError) else Exit.STOPPED
    return Exit.DONE


def _serve(arguments: argparse.Namespace) -> None:
    from mooring.simulator.app import create_app, utc_now
    from mooring.simulator.rulebook import read
    from mooring.simulator.server import announce, bind, serve
    from mooring.simulator.services.world import read as read_world

    book, world = read(arguments.rules), read_world(arguments.rules)
    listener = bind(arguments.port)
    now: datetime | None = arguments.now
    clock = utc_now if now is None else lambda: now
    app = create_app(book, world, arguments.state, arguments.latency, clock, isolated=arguments.isolated)
    if arguments.announce:
        announce(listener, arguments.announce)
    if arguments.tied:
        threading.Thread(target=_end_with_input, daemon=True).start()
    serve(app, listener)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
