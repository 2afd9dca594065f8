"""Keeps the simulator running where a release needs it, on one port."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.targets.host import folders, logs

COMMAND = (sys.executable, "-m", "mooring.simulator")
OPENING = 20.0
"""Seconds within which it must say where it listens."""

log = logging.getLogger("mooring.supervisor")


class Simulator:
    """`ensure` starts it or finds it; `url` is where it is, or None."""

    def __init__(self, root: Path, state: Path, command: Sequence[str] = COMMAND) -> None:
        self.url: str | None = None
        self.wanted = False
        self._state, self._announce = state, state / "simulator.json"
        self._command = [*command, "--rules", str(root / "evals" / "simulator"), "--state", str(state / "simulator")]
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = asyncio.Lock()

    async def ensure(self, port: int) -> str:
        """Its URL, answering. `port` 0 takes a free one. Failed(PROCESS) when it does not start."""
        self.wanted = True
        async with self._turn:
            found = self._said()
            if found is None or not _answers(found["url"]):
                found = await self._start(port)
            self.url = found["url"]
            return self.url

    def stop(self) -> None:
        """Ends it, whoever started it."""
        self.wanted = False
        if found := self._said():
            with suppress(OSError):
                os.kill(found["pid"], signal.SIGTERM)
            self._announce.unlink(missing_ok=True)
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(3)

    async def _start(self, port: int) -> dict[str, Any]:
        process = self._spawn(port)
        end = time.monotonic() + OPENING
        while (found := self._said()) is None:
            if process.poll() is not None or time.monotonic() > end:
                said = logs.last_words(folders.log_file(self._state, "simulator")) or "it says nothing"
                raise Failed(Reason.PROCESS, f"the simulator does not start: {said}")
            await asyncio.sleep(0.02)
        log.info("simulator at %s", found["url"])
        return found

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        if self._process:
            self._process.poll()
        self._announce.unlink(missing_ok=True)
        with logs.opened(folders.log_file(self._state, "simulator")) as output:
            self._process = subprocess.Popen(
                [*self._command, "--port", str(port), "--announce", str(self._announce)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self._process

    def _said(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError):
            return dict(json.loads(self._announce.read_text()))
        return None


def _answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])
