"""Asks the processes of an environment, through their private sockets, for what they counted."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mooring.operate.monitor.aggregate import Aggregate, Process
from mooring.runtime.process.siblings import GONE, ask
from mooring.runtime.process.unix_http import Line, Unknown

ANSWER = 2.0
"""Seconds that a process has to answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Figures by door; None for one that nobody answers at. `supervisor` is None while there is none.

    A second process of a slot, which stands by or is about to take over, has a name that ends with `~`.
    """

    workers: dict[str, dict[str, Any] | None]
    supervisor: dict[str, Any] | None

    @property
    def all(self) -> list[dict[str, Any]]:
        """Every answer."""
        return [answer for answer in (*self.workers.values(), self.supervisor) if answer is not None]


async def collect(doors: Path) -> Answers:
    """Asks all at once."""
    found = sorted(path.with_suffix("") for path in doors.glob("*.fd"))
    asked = (_figures(door) for door in found)
    *workers, supervisor = await asyncio.gather(*asked, ask(doors / "control", "GET /figures", None, ANSWER))
    return Answers(dict(zip((door.name for door in found), workers, strict=True)), supervisor)


async def _figures(door: Path) -> dict[str, Any] | None:
    """What a worker counted; None when it does not answer."""
    try:
        with closing(await Line.connect(door)) as line:
            try:
                return dict(await line.call("GET /figures", {"packed": True}, ANSWER))
            except Unknown:
                return _of_before(door, await line.call("GET /health", timeout=ANSWER))
    except (*GONE, psutil.Error):
        return None


def _of_before(door: Path, health: dict[str, Any]) -> dict[str, Any]:
    """What is known of a process of the version before, which goes on after an upgrade until a release is deployed.

    It has no figures, but says what became of its requests. Raises psutil.Error when it has ended.
    """
    number = door.name.removesuffix("~").partition("-")[2]
    began = health.get("began") or psutil.Process(health["pid"]).create_time()
    told = {name: health[name] for name in ("slot", "digest", "pid", "ready", "accepting", "counts")}
    return {**told, "worker": int(number or 1), "began": began, "families": []}


def take(
    aggregate: Aggregate,
    answers: Iterable[dict[str, Any]],
    gone: Callable[[Iterable[Process]], list[Process]],
    left: Callable[[], Iterable[tuple[Path, dict[str, Any]]]],
    now: float,
) -> list[Path]:
    """Adds up what was answered and what was left; the files that may be deleted once that is kept.

    Who ended without a file is told before the files are read, since a process leaves its file before it ends.
    """
    answered = {aggregate.see(figures) for figures in answers}
    ended = gone(aggregate.processes.keys() - answered)
    files = []
    for path, figures in left():
        aggregate.end(figures, now)
        files.append(path)
    for process in ended:
        aggregate.fold(process, now)
    aggregate.forget(now)
    return files


def dead(processes: Iterable[Process]) -> list[Process]:
    """Those that have ended. One whose number a stranger has by now is not among them, which does no harm.

    The number 0 is that of all supervisors of a folder together, whose count goes on from one to the next.
    """
    known = [process for process in processes if process.pid]
    newest = {process.pid: process for process in sorted(known, key=lambda process: process.began)}
    return [process for process in known if newest[process.pid] != process or not _lives(process.pid)]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
