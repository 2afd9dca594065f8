"""Hands the listening socket to whoever connects, so that it outlives the supervisor that bound it."""

import asyncio
import socket
from pathlib import Path


class Handover:
    """A Unix socket of mode 0600 at `path`; every connection gets a duplicate of `listening` and is closed."""

    def __init__(self, path: Path, listening: socket.socket) -> None:
        path.unlink(missing_ok=True)
        self._listening = listening
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.listen(8)
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._give)

    def _give(self) -> None:
        try:
            peer, _address = self._socket.accept()
            with peer:
                socket.send_fds(peer, [b"\0"], [self._listening.fileno()])
        except OSError:
            pass  # whoever asked is gone; the next one asks again


def take_back(path: Path, timeout: float = 2) -> socket.socket | None:
    """The listening socket from the process behind `path`; None when nobody is there."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(timeout)
        try:
            peer.connect(str(path))
            _data, descriptors, _flags, _address = socket.recv_fds(peer, 1, 1)
        except OSError:
            return None
    return socket.socket(fileno=descriptors[0]) if descriptors else None
