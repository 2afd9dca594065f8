"""Processes that die or stop, a full disk, a locked database: what users see of each, and whether that is as promised.

Each happens while clients ask, and the next one begins when everything is as it was.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mooring.errors import Stopped
from mooring.operate.exercises import failures
from mooring.operate.exercises.failures import Undo, unready
from mooring.operate.exercises.load import CLIENTS, Felt, felt, loaded
from mooring.operate.exercises.outcome import Check, Exercised, kept
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.target import pids

CALM_SECONDS = 1.0
DISK_MIB = 256
"""The disk of the state that is filled, where this user may mount one."""

REPLACED_SECONDS = 45.0
"""After which a process that does not move was ended, and another one answers."""


@dataclass(frozen=True)
class Failure:
    """`silent` is for how many seconds nobody may be answered. `cuts` says that requests under way may be cut off.

    It `lasts` so many seconds, or until its process is another one. With `said`, readiness must say that something is
    wrong meanwhile, and that all is well afterwards.
    """

    name: str
    do: Callable[[Scratch], Undo]
    silent: float
    cuts: bool = False
    lasts: float = 2.0
    replaced: bool = False
    said: bool = False

    @property
    def promised(self) -> str:
        cut = "only what was under way is cut off" if self.cuts else "no request fails"
        return f"{cut}; answers within {self.silent:g} s{', and readiness says so' if self.said else ''}"


def failures_of(scratch: Scratch) -> Iterator[Failure]:
    """What can happen to a copy with its processes."""
    several = len(scratch.live.workers) > 1
    if several:
        yield Failure("a worker is killed", failures.dead_worker, 2, cuts=True)
    within = 2 if scratch.spare else 15
    yield Failure("the slot is killed", failures.dead_slot, within, cuts=True)
    yield Failure("the supervisor is killed", failures.dead_supervisor, 1)
    yield Failure("supervisor and slot are killed", failures.dead_both, 20, cuts=True, lasts=0.5)
    yield Failure("the disk is full", failures.full_disk, 2.5, lasts=5, said=True)
    yield Failure("the database is locked", failures.locked_database, 2.5, lasts=5, said=True)
    silent = 2 if several else REPLACED_SECONDS
    yield Failure("a process does not move", failures.stopped_process, silent, cuts=True, replaced=True)
    yield Failure("the simulator is killed", failures.dead_simulator, 10, lasts=5)


def small_disk(_root: Path, state: Path) -> None:
    """Puts the state on a small disk of its own where that is allowed: to be filled, and nothing else."""
    if os.geteuid() == 0:
        options = f"size={DISK_MIB}m,mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(state)], check=False, capture_output=True)


def exercise(scratch: Scratch, only: tuple[str, ...] = ()) -> Exercised:
    """All failures, or those whose names hold one of `only`. Raises Failed when the copy does not get well again."""
    checks: list[Check] = []
    figures: dict[str, Any] = {"full_disk": "a small disk" if os.path.ismount(scratch.state) else "a limit on files"}
    for failure in failures_of(scratch):
        if not only or any(word in failure.name for word in only):
            scratch.notify(failure.name)
            seen, told = _suffered(scratch, failure)
            checks.append(_judged(failure, seen, told))
            figures[failure.name] = asdict(seen) | {"rungs": list(seen.rungs)}
    return Exercised("slots", tuple(checks), kept(tuple(checks)), figures)


def _suffered(scratch: Scratch, failure: Failure) -> tuple[Felt, str]:
    """What users felt of it, and what the readiness said meanwhile."""
    before = pids(scratch.live)
    with loaded(scratch.url, scratch.release.content.environment.rollout.probes) as load:
        time.sleep(CALM_SECONDS)
        begin = time.monotonic()
        undo = failure.do(scratch)
        try:
            told = _lasts(scratch, failure, before)
        finally:
            undo()
        scratch.rest()
        time.sleep(CALM_SECONDS)
        seen = felt(load, begin, time.monotonic())
    if failure.said:
        scratch.wait(lambda: not unready(scratch), f"{failure.name}: the slot does not get ready again", 30)
    return seen, told


def _lasts(scratch: Scratch, failure: Failure, before: list[int]) -> str:
    """Waits for as long as it lasts; what the readiness said of it, the last word."""
    end, told = time.monotonic() + (REPLACED_SECONDS * 2 if failure.replaced else failure.lasts), ""
    while time.monotonic() < end:
        if failure.said:
            told = unready(scratch) or told
        with suppress(Stopped):
            if failure.replaced and before[0] not in pids(scratch.live):
                break
        time.sleep(0.2)
    return told


def _judged(failure: Failure, seen: Felt, told: str) -> Check:
    most = CLIENTS if failure.cuts else 0
    held = not seen.failed and seen.lost <= most and seen.silent <= failure.silent and bool(told or not failure.said)
    said = f"; readiness: {told}" if told else "; readiness said nothing" if failure.said else ""
    return Check(failure.name, failure.promised, f"{seen}{said}", held)
