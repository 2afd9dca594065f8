"""Where the files and the private sockets of an environment are."""

import hashlib
import os
import tempfile
from pathlib import Path

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.runtime.process.siblings import name_of


def doors(state: Path) -> Path:
    """The folder of an environment's Unix sockets, made when missing: short, since their names have 108 bytes at most.

    Failed(STORAGE) when somebody else owns it or may look in.
    """
    base = Path(tempfile.gettempdir()) / f"mooring-{os.getuid()}"
    folder = base / hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:8]
    try:
        for path in (base, folder):
            path.mkdir(mode=0o700, exist_ok=True)
            found = path.lstat()
            if found.st_uid != os.getuid() or found.st_mode & 0o077 or path.is_symlink():
                raise Failed(Reason.STORAGE, f"{path} is not private to you", "remove it, or set TMPDIR elsewhere")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot make {folder}: {error.strerror}", "set TMPDIR elsewhere") from None
    return folder


def control(state: Path) -> Path:
    """The supervisor's door."""
    return doors(state) / "control"


def handover(state: Path, name: str) -> Path:
    """Where a process beside the slots hands out its listening socket."""
    return doors(state) / f"{name}.socket"


def admin(state: Path, slot: str, worker: int = 1) -> Path:
    """The door of a slot's worker; the same with `.fd` hands out the listening socket."""
    return doors(state) / name_of(slot, worker)


def admins(state: Path) -> list[Path]:
    """The doors of all workers, with those of second processes; their processes may be gone."""
    return sorted(path.with_suffix("") for path in doors(state).glob("*.fd"))


def second(door: Path) -> Path:
    """Where the successor of the process behind `door` answers until it takes over."""
    return door.with_name(f"{door.name}~")


def release_file(state: Path, digest: str) -> Path:
    """Where the store keeps a release."""
    return state / "releases" / f"{digest.removeprefix('sha256:')}.json"


def log_file(state: Path, name: str) -> Path:
    """Where a slot, the supervisor or the simulator writes."""
    return state / f"{name}.log"
