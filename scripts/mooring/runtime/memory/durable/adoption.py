"""Goes on with what waits for a process: runs of dead ones, whatever their colour, and tries under tickets."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

import sqlalchemy as sa

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.durable import rows
from mooring.runtime.memory.durable.executors import Executors
from mooring.state.database import Database, Work
from mooring.state.former.takeover import take_over
from mooring.state.runs import checkpoints, executors, parts, queue
from mooring.state.runs.checkpoints import GONE, Change
from mooring.state.runs.parts import Key, Part
from mooring.state.runs.queue import Room
from mooring.state.unavailable import Unavailable

MOST = 3
"""How many processes may die during a run before it is given up: it may be the reason why they do."""

LOOK_SECONDS = 0.25
"""Between two looks for dead processes of this folder; a look is a few system calls, and none to the database."""

POLL_LOOKS = 4
"""Looks between two searches for what waits to go on."""

OLD_LOOKS = 40
"""Looks between two searches for what processes of an earlier version leave behind, while there are any."""

SWEEP_LOOKS = 8
"""Looks between two renewals of the lease, with a search for processes that no longer have one."""

LEASE_SECONDS = 8.0
LAPSED_TIMES = 3
"""How often in a row a process without a lease is met until it counts as dead: after the database was away, all of
them come back to renew theirs."""

ROOM = Room(adopted=64, tries=8)
"""Runs that a process takes over at once, and tries under tickets."""


class Host(Protocol):
    """Whoever has the runs."""

    async def serves(self, release: str) -> bool:
        """Whether this process can go on with runs of a release, which is brought here when another machine has it."""

    def room(self) -> Room:
        """How many it can take now."""

    def revive(self, part: Part, recorded: Mapping[str, Any]) -> None:
        """Begins a part that this process took, without the steps that it has done."""

    def under_way_but(self, owned: set[Key]) -> list[Change]:
        """Parts that are written down and under way here, and not among these."""

    def knows(self, key: Key) -> bool:
        """Whether a part is under way here."""

    def let_go(self, key: Key, gone: bool) -> None:
        """A part is another's, or has no row any more."""


class Adoption:
    """Any process may find what waits; that one takes it is one statement in the database.

    `shared` says whether processes of other machines may use the database too.
    """

    def __init__(self, database: Database, executors: Executors, slot: str, shared: bool, host: Host) -> None:
        self._database, self._executors, self._slot = database, executors, slot
        self._shared, self._host = shared, host
        self._lapsed, self._unknown = Counter[str](), set[Key]()
        self._alone, self._all_taken_over = True, False

    async def watch(self) -> None:
        """Looks until cancelled."""
        looks = 0
        while True:
            try:
                self._executors.stay()
                found = await self.adopt()
                if looks % SWEEP_LOOKS == 0:
                    await self.sweep()
                if looks % OLD_LOOKS == 0 and not self._all_taken_over:
                    await self._take_over()
                if found or looks % POLL_LOOKS == 0:
                    await self._take()
            except Unavailable:
                pass  # whoever writes runs says so
            except Exception:  # noqa: BLE001 - whatever it was this time, the next look may find something
                LOGGER.exception("cannot look for dead processes")
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def adopt(self) -> list[str]:
        """Queues the runs of this folder's dead processes; their names. Raises Unavailable."""
        queued: list[str] = []
        for name in self._executors.others():
            with self._executors.dead(name) as dead:
                if dead:
                    queued += await self._abandon(name)
                    self._executors.bury(name)
        return queued

    async def sweep(self) -> None:
        """Renews the lease, and compares what this process does with what the database says. Raises Unavailable."""
        me = self._executors.mine
        if self._shared:
            await self._database.write(
                lambda connection: executors.renew(connection, me, self._executors.home, LEASE_SECONDS)
            )

        def read(connection: sa.Connection) -> tuple[set[str], set[str], set[Key], bool]:
            elsewhere = self._shared and executors.elsewhere(connection, self._executors.home)
            return executors.lapsed(connection), executors.buried(connection), parts.owned(connection, me), elsewhere

        lapsed, buried, owned, elsewhere = await self._database.read(read)
        self._alone = not elsewhere
        await self._adopt_lapsed({name for name in lapsed - {me} if not self._executors.known(name)}, buried)
        await self._compare(owned)

    async def _take_over(self) -> None:
        """What has come since the start, from processes of an earlier version that were still alive then."""
        self._all_taken_over = await self._database.read(
            lambda connection: take_over(connection.engine, self._executors.state)
        )

    async def _adopt_lapsed(self, lapsed: set[str], buried: set[str]) -> None:
        """Of a process with a file in this folder its lock tells more, and sooner."""
        self._lapsed = Counter({name: LAPSED_TIMES if name in buried else self._lapsed[name] + 1 for name in lapsed})
        for name in [name for name, times in self._lapsed.items() if times >= LAPSED_TIMES]:
            # It may be back since it was last looked for.
            await self._free(
                lambda connection, name=name: (  # type: ignore[misc]
                    ([], []) if executors.holds(connection, name) else queue.abandon(connection, name, MOST)
                ),
                name,
            )

    async def _compare(self, owned: set[Key]) -> None:
        """A run may have been ended elsewhere; one may have been taken by a commit whose answer was lost, or be such
        that it cannot be gone on with here."""
        if missing := self._host.under_way_but(owned):
            me = self._executors.mine
            why = await self._database.read(lambda connection: checkpoints.refused(connection, me, missing))
            for key, reason in why.items():
                self._host.let_go(key, reason == GONE)
        unknown = {key for key in owned if not self._host.knows(key)}
        if twice := unknown & self._unknown:
            me = self._executors.mine
            await self._free(lambda connection: queue.give_back(connection, me, twice, MOST), me)
        self._unknown = unknown - twice

    async def _abandon(self, name: str) -> list[str]:
        return await self._free(lambda connection: queue.abandon(connection, name, MOST), name)

    async def _free(self, queued: Work[tuple[list[Part], list[Part]]], name: str) -> list[str]:
        """Queues runs of a process, and ends those that were adopted too often; the runs queued."""

        def work(connection: sa.Connection) -> tuple[list[Part], list[Part]]:
            free, suspects = queued(connection)
            for part in suspects:
                rows.fail(connection, part, _CRASHED, time.time())
            return free, suspects

        free, suspects = await self._database.write(work)
        for part in suspects:
            LOGGER.error("run given up", extra={"run": part.run, "deaths": part.deaths})
        if free:
            LOGGER.warning("runs of a dead process", extra={"executor": name, "runs": len(free)})
        return [part.run for part in free]

    async def _take(self) -> None:
        """Takes what it has the release of; others may have the rest, unless there are none."""
        due = await self._database.read(queue.due)
        releases = [release for release in due if await self._host.serves(release) or self._alone]
        room = self._host.room()
        if releases and (room.adopted > 0 or room.tries > 0):
            me = self._executors.mine
            taken = await self._database.write(
                lambda connection: queue.take(connection, me, self._slot, releases, room)
            )
            for part, recorded in taken:
                try:
                    self._host.revive(part, recorded)
                except Exception:  # noqa: BLE001 - one that another version wrote must not cost the others
                    LOGGER.exception("a run cannot be gone on with here", extra={"run": part.run})


_CRASHED = Problem("run_crashed", "each process that went on with the run died; it was given up")
