"""The one public socket: bound once, and taken back from a slot after a supervisor's death."""

import errno
import logging
import socket
from pathlib import Path

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.runtime.process.handover import take_back
from mooring.targets.host import folders
from mooring.targets.host.memory import Memory

BACKLOG = 2048


def obtain(state: Path, memory: Memory, listen: str) -> socket.socket:
    """The socket of the slots that run, or a new one at `listen`; `memory.listen` says where it is.

    Port 0 takes the port it had last, so that a restart does not move the service, else a free one.
    Failed(PORT_IN_USE) when another process has it.
    """
    for door in folders.admins(state):
        if taken := take_back(door.with_suffix(".fd")):
            logging.getLogger("mooring.supervisor").info("took the socket back from %s", door.name)
            break
    else:
        taken = _bind_again(memory, listen)
    taken.setblocking(False)
    host, port = taken.getsockname()[:2]
    memory.listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    memory.save()
    return taken


def _bind_again(memory: Memory, listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    last = memory.listen.rpartition(":")[2]
    if port == "0" and last:
        try:
            return bind(host, int(last))
        except Failed:
            pass  # somebody else has it now; any free port will do
    return bind(host, int(port))


def bind(host: str, port: int, setting: str = "listen") -> socket.socket:
    """A listening socket. Failed(PORT_IN_USE) or Failed(PROCESS), in one line that names the `setting`."""
    host = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Failed(Reason.PROCESS, f"cannot listen on {host}:{port}: {error.strerror}") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise Failed(
                Reason.PORT_IN_USE,
                f"port {port} on {host} is in use by another process",
                f"stop that process, or change `{setting}` of the environment (port 0 takes a free one)",
            ) from None
        raise Failed(Reason.PROCESS, f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listening
