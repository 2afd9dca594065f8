"""Which previews of an environment there are: a file each, for as long as its process lives."""

import json
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from mooring import private
from mooring.timestamps import iso

FOLDER = "previews"
ENDING_SECONDS = 30.0
"""For a preview that was told to end."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One that serves at `url` until `until`, Unix time. `pid` and `started` name its process for ever."""

    id: str
    ref: str
    commit: str
    url: str
    owner: str
    until: float
    pid: int
    started: float

    def data(self) -> dict[str, Any]:
        """JSON-able, for people and programs."""
        return {**asdict(self), "until": iso(self.until)}

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        with suppress(psutil.Error):
            return abs(psutil.Process(self.pid).create_time() - self.started) < 2
        return False


def path(state: Path, name: str) -> Path:
    """The file of one, in the state folder of its environment."""
    return state / FOLDER / f"{name}.json"


def keep(state: Path, preview: Preview) -> Path:
    """Writes it down; the file, which its process removes at its end. Raises OSError."""
    file = path(state, preview.id)
    private.write(file, json.dumps(asdict(preview)))
    return file


def every(state: Path) -> list[Preview]:
    """Those that serve, the next one to end first. What a killed one left behind is removed."""
    found = []
    for file in sorted((state / FOLDER).glob("*.json")):
        with suppress(OSError, ValueError, TypeError):
            preview = Preview(**json.loads(file.read_text(encoding="utf-8")))
            if preview.alive:
                found.append(preview)
            else:
                file.unlink()
    return sorted(found, key=lambda preview: preview.until)


def end(preview: Preview) -> bool:
    """Tells a preview to end, and waits until it has; False when it was gone, or does not end in time."""
    with suppress(psutil.Error):
        if preview.alive:
            process = psutil.Process(preview.pid)
            process.send_signal(signal.SIGTERM)
            process.wait(ENDING_SECONDS)
            return True
    return False


def this_process() -> tuple[int, float]:
    """Its number, and when it was started."""
    process = psutil.Process()
    return process.pid, process.create_time()


def name_of(commit: str) -> str:
    """A name for a preview of a commit that begins now."""
    return f"{commit[:8]}-{int(time.time() * 10) % 36**4:05d}"
