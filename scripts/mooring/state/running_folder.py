"""How a state folder is named in a database that several machines share."""

import socket
from pathlib import Path


def folder(state: Path) -> str:
    """A state folder of this machine."""
    return f"{socket.gethostname()}:{state.absolute()}"
