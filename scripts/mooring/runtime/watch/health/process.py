"""The process itself: its event loop, memory and descriptors."""

import resource

import psutil

from mooring.runtime.watch.health.check import Check, Seen
from mooring.runtime.watch.health.lag import LoopLag
from mooring.runtime.watch.memory_watch import MemoryWatch

DESCRIPTORS = 0.9
"""Of the limit: above it, connections are about to be refused."""


def process_checks(lag: LoopLag, memory: MemoryWatch) -> list[Check]:
    """None of these asks anybody outside the process."""

    async def look() -> Seen:
        return Seen(True, "", lag.seconds())

    return [Check("process", "loop-lag", look, threshold=lag.limit), _memory(memory), _descriptors()]


def _memory(memory: MemoryWatch) -> Check:
    async def look() -> Seen:
        return Seen(True, f"{memory.limit >> 20} MiB is the limit" if memory.ratio >= 1 else "", memory.ratio)

    return Check("process", "memory", look, threshold=1.0, unit="of the limit")


def _descriptors() -> Check:
    async def look() -> Seen:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return Seen(True, "", psutil.Process().num_fds() / soft)

    return Check("process", "descriptors", look, threshold=DESCRIPTORS, unit="of the limit")
