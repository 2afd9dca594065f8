"""A slot's memory: what is done at 80 %, and what at the limit."""

import asyncio
from collections.abc import Callable
from typing import Any

from mooring.runtime.watch.memory_watch import REST, MemoryWatch, resident
from mooring.spec.resilience import Memory
from tests.runtime.hosting import Serving

MIB = 2**20
Serve = Callable[..., Serving]


class Slot:
    """Memory that says what a test wants; shedding frees `freed` bytes."""

    def __init__(self, *policies: Memory, freed: int = 0) -> None:
        self.rss, self.now, self.freed = 0, 0.0, freed
        self.sheds, self.ratios = 0, list[float]()
        watched = policies or (Memory(limit_mib=1000),)
        self.watch = MemoryWatch(
            watched, [self._shed], self.ratios.append, lambda: self.rss, lambda: self.now, lambda: None
        )

    def _shed(self) -> None:
        self.sheds += 1
        self.rss -= self.freed

    def look(self, mib: int, later: float = 1.0) -> None:
        self.rss, self.now = mib * MIB, self.now + later
        self.watch.look()


def test_caches_are_shed_at_the_ratio_and_not_before() -> None:
    slot = Slot()
    slot.look(799)
    assert slot.sheds == 0
    slot.look(800)
    assert (slot.sheds, slot.watch.replace) == (1, False)
    assert slot.ratios[-1] == 0.8


def test_memory_that_stays_full_is_not_shed_every_second() -> None:
    slot = Slot()
    for _ in range(int(REST)):
        slot.look(850)
    assert slot.sheds == 1
    slot.look(850, later=REST)
    assert slot.sheds == 2


def test_a_slot_is_replaced_at_the_limit_when_shedding_does_not_help() -> None:
    slot = Slot()
    slot.look(1000)
    assert (slot.sheds, slot.watch.replace) == (1, True)
    slot.look(100)
    assert slot.watch.replace


def test_a_slot_that_sheds_enough_is_not_replaced() -> None:
    slot = Slot(freed=500 * MIB)
    slot.look(1100)
    assert (slot.watch.ratio, slot.watch.replace) == (0.6, False)


def test_the_strictest_profile_decides() -> None:
    slot = Slot(Memory(limit_mib=2000, shed_ratio=0.9), Memory(limit_mib=300))
    assert (slot.watch.limit, slot.watch.shed_ratio) == (300 * MIB, 0.8)


def test_a_serving_slot_says_how_full_it_is(serve: Serve) -> None:
    serving = serve(memory={"limitMib": 4096})
    asyncio.run_coroutine_threadsafe(_look(serving), serving.loop).result()
    metrics = serving.http.get("/metrics").text
    line = next(line for line in metrics.splitlines() if line.startswith("mooring_memory_ratio "))

    assert 0 < float(line.split()[1]) < resident() / (4096 * MIB) + 0.05


async def _look(serving: Any) -> None:
    serving.runtime.memory.look()
