"""The simulator as a process: one socket, one announce file, a quick end."""

import json
import logging
import os
import signal
import socket
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.simulator.faulty import Cut

HOST = "127.0.0.1"
_BACKLOG = 1024
_GRACE_SECONDS = 1
"""How long requests in flight may go on after SIGTERM; hanging ones would hang for ever."""


def bind(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises Failed when the port is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Failed(Reason.PORT_IN_USE, f"cannot listen on {HOST}:{port}: {error.strerror}") from None
    return listener


def announce(listener: socket.socket, file: Path) -> None:
    """Writes url and pid of the listening process, all at once."""
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n")
    temporary.replace(file)


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT. Goes on when its parent dies: whoever reads the announce file may adopt it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # uvicorn raises the signal again once it has shut down
    logging.getLogger("uvicorn.error").addFilter(_not_a_fault)
    config = uvicorn.Config(
        app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=_GRACE_SECONDS
    )
    uvicorn.Server(config).run(sockets=[listener])


def _end(*_: object) -> None:
    raise SystemExit(0)


def _not_a_fault(record: logging.LogRecord) -> bool:
    """Lets records through that are no connection cut on demand."""
    return record.exc_info is None or not isinstance(record.exc_info[1], Cut)
