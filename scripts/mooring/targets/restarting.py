"""Restarts one process of an environment and waits until the new one is ready."""

import time
from typing import TYPE_CHECKING

from mooring.errors import Failed
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.rollout.actions import Notify
    from mooring.rollout.target import SlotFacts
    from mooring.targets.protocol import Target

PATIENCE = 60
"""Seconds to wait for a process to be ready."""


def replace_process(running: "Target", process: str | None, notify: "Notify" = lambda _: None) -> str:
    """Restarts a process, by default the live slot's, and waits until the new one is ready; which one it was.

    What is live serves meanwhile. Raises Failed(NOT_RUNNING), Failed(DEADLINE) or Refused(LOCKED).
    """
    before = running.facts().slots
    if process in before and before[process].digest is None:
        raise Failed(Reason.NOT_RUNNING, f"{process} is empty", fix=f"moor status {running.environment}")
    name = running.restart(process)
    notify(f"restarting {name}")
    if name in before:
        _wait(running, name, _processes(before[name]))
    return name


def _processes(slot: "SlotFacts") -> set[str | int | None]:
    return {worker.identity for worker in slot.workers} or {slot.pid}


def _wait(running: "Target", name: str, old: set[str | int | None]) -> None:
    """Waits until a slot is ready with new processes alone. Raises Failed(DEADLINE) when that takes too long."""
    end = time.monotonic() + PATIENCE
    while not (slot := running.facts().slots[name]).ready or _processes(slot) & old:
        if time.monotonic() > end:
            fix = f"moor logs {running.environment} {name}"
            raise Failed(Reason.DEADLINE, f"{name} is not ready after {PATIENCE} s", fix)
        time.sleep(0.05)
