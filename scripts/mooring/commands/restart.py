"""`moor restart`."""

import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import Failed
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.rollout.actions import Notify
    from mooring.rollout.target import SlotFacts
    from mooring.targets.protocol import Target

SUMMARY = "Restart one process of an environment; its release stays the same."
EXAMPLES = """
moor restart local               the slot that serves
moor restart local green         one slot
moor restart local supervisor    the supervisor; slots go on serving meanwhile
"""
PROCESSES = ("blue", "green", "supervisor")
PATIENCE = 60
"""Seconds to wait for a process to be ready."""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("process", nargs="?", metavar="PROCESS", choices=PROCESSES, help=", ".join(PROCESSES))


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target

    workspace = find(args)
    running = target(workspace, workspace.known(args.environment))
    with console.progress(f"restart {running.environment}") as notify:
        name = replace_process(running, args.process, notify)
    console.line(f"{name} is ready", "green")
    return Outcome(Reason.CHANGED, {"environment": running.environment, "process": name})


def replace_process(running: "Target", process: str | None, notify: "Notify" = lambda _: None) -> str:
    """Restarts a process, by default the live slot's, and waits until the new one is ready; which one it was."""
    before = running.facts().slots
    if process in before and before[process].digest is None:
        raise Failed(Reason.NOT_RUNNING, f"{process} is empty", fix=f"moor status {running.environment}")
    name = running.restart(process)
    notify(f"restarting {name}")
    if name in before:
        _wait(running, name, _pids(before[name]))
    return name


def _pids(slot: "SlotFacts") -> set[int | None]:
    return {slot.pid, *(worker.pid for worker in slot.workers)}


def _wait(running: "Target", name: str, pids: set[int | None]) -> None:
    """Waits until a slot is ready with new processes alone. Raises Failed(DEADLINE) when that takes too long."""
    end = time.monotonic() + PATIENCE
    while not (slot := running.facts().slots[name]).ready or _pids(slot) & pids:
        if time.monotonic() > end:
            fix = f"moor logs {running.environment} {name}"
            raise Failed(Reason.DEADLINE, f"{name} is not ready after {PATIENCE} s", fix)
        time.sleep(0.05)
