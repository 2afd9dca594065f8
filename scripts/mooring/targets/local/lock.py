"""One supervisor for a state folder."""

import fcntl
import os
from pathlib import Path

from mooring import private
from mooring.errors import Failed, Refused
from mooring.outcome import Reason


def lock(state: Path) -> int:
    """The lock of a state folder, held by the descriptor. Refused(LOCKED) when another supervisor has it."""
    try:
        private.folder(state)
        held = os.open(state / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused(Reason.LOCKED, f"a supervisor runs for {state} already") from None
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write in {state}: {error.strerror}", "make it writable") from None
    return held
