"""Keeps the exporter running where the live release names an export."""

import logging
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mooring.state.records.changes import holder
from mooring.targets.host import folders, logs
from mooring.targets.host.requirements import Requirements

COMMAND = (sys.executable, "-m", "mooring.operate.export.exporter")

AGAIN = 10.0
"""Seconds from the end of one to the start of the next."""

log = logging.getLogger("mooring.supervisor")


class Exporter:
    """One process, of the live release; another release gets another one when it exports differently."""

    def __init__(self, state: Path, command: Sequence[str] = COMMAND) -> None:
        self._state, self._command = state, command
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: list[subprocess.Popen[bytes]] = []
        self._wanted: str | None = None
        self._owner = holder()
        self._next = 0.0

    def ensure(self, digest: str | None, around: Mapping[str, str]) -> None:
        """Starts, replaces or ends it, as the live release `digest` wants."""
        self._ending = [one for one in self._ending if one.poll() is None]
        release = folders.release_file(self._state, digest) if digest else None
        wanted = Requirements.read(release).export if release else None
        if wanted != self._wanted:
            self.stop()
            self._wanted, self._next = wanted, 0.0
        if release is None or wanted is None or (self._process and self._process.poll() is None):
            return
        if time.monotonic() < self._next:
            return
        if self._process:
            log.warning("the exporter ended with %s; starting it again", self._process.returncode)
        self._next = time.monotonic() + AGAIN
        arguments = ["--release", str(release), "--state", str(self._state), "--owner", self._owner]
        with logs.opened(folders.log_file(self._state, "exporter")) as output:
            self._process = subprocess.Popen(
                [*self._command, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(around)
            )

    def stop(self) -> None:
        """Lets it end after what it is sending. The next one waits for its lease; one after a crash need not."""
        self._owner = holder()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._ending.append(self._process)
        self._process = None
