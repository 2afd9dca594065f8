"""A simulator for one run of suites: its services stand still in time, and no case sees what another did."""

import json
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from mooring.errors import Failed
from mooring.evaluate.processes import fork
from mooring.outcome import Reason

NOW = "2026-01-15T12:00:00+00:00"
"""The services' time: their answers are the same every day, so recordings that hold them stay valid."""

OPENING = 20.0
"""Seconds within which it must say where it listens."""


class Simulator:
    """Starts at once, so that it comes up while other things do; `url` waits for it. Ends with the process."""

    def __init__(self, rules: Path, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._announce = state / "simulator.json"
        self._log = state / "simulator.log"
        folders = ["--rules", str(rules), "--state", str(state / "services"), "--announce", str(self._announce)]
        with self._log.open("wb") as log:
            arguments = [*folders, "--isolated", "--now", NOW, "--tied"]
            self._process = fork(_simulate, arguments, output=log.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()

    @property
    def url(self) -> str:
        """Where it listens. Failed(PROCESS) when it does not start."""
        end = time.monotonic() + OPENING
        while not self._announce.exists():
            if self._process.ended or time.monotonic() > end:
                said = self._log.read_text(errors="replace").strip().splitlines()
                raise Failed(Reason.PROCESS, f"the simulator does not start: {said[-1] if said else 'no reason given'}")
            time.sleep(0.01)
        return str(json.loads(self._announce.read_text())["url"])


def _simulate(connection: Connection, arguments: list[str]) -> None:
    """Ends with the pipe, which is its standard input."""
    from mooring.simulator.__main__ import main

    os.dup2(connection.fileno(), 0)
    main(arguments)
