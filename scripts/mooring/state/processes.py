"""Whether processes are alive, which can be told of those on this machine alone."""

import os
import socket
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """Names what this process can see the processes of: the same name, the same process numbers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        import uuid

        # No Linux, so no containers: the host, and what tells it from another one of that name.
        return f"{socket.gethostname()}:{uuid.getnode()}"


def ended(process: int, where: str) -> bool:
    """Whether a process is known to have ended. One of another machine never is."""
    return where == machine() and not lives(process)


def lives(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
