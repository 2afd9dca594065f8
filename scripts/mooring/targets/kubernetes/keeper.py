"""`python -m mooring.targets.kubernetes.keeper`: keeps an environment's house, as a supervisor does on one machine.

It finishes rollouts that were left half-done, takes back hotfixes and ends standbys in time, sees that the runs of
pods that are gone go on at once, and keeps the exporter, the monitor and the door of chat running. Pods need it for
nothing. One keeper works at a time: a lease says which.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mooring.errors import Failed, MooringError, Refused, Stopped, UsageError
from mooring.outcome import Reason
from mooring.release.store import RELEASES, Store
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.runtime.core.logs import configure
from mooring.state.records import machines
from mooring.state.records.leases import Lease
from mooring.state.records.machines import Machine
from mooring.state.stored_releases import Releases
from mooring.state.transactions import Transactions
from mooring.targets.host import beside
from mooring.targets.host.beside import Beside, Kind
from mooring.targets.host.exporter import COMMAND as EXPORTER
from mooring.targets.host.exporter import Exporter
from mooring.targets.host.memory import Memory
from mooring.targets.host.presence import Presence
from mooring.targets.kubernetes import last_words, names
from mooring.targets.kubernetes.keeping import Keeping, write_document
from mooring.targets.kubernetes.keepsake import Keepsake
from mooring.targets.kubernetes.pod_doors import PodDoors
from mooring.targets.kubernetes.surroundings import Surroundings

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.targets.kubernetes.target import Kubernetes

ROUND = 1.0
"""Seconds between two rounds."""

TURN = 2.0
"""Seconds between two attempts to become the keeper."""

SUMS = "figures.json"
"""The file of the monitor's sums, in the state folder."""

DOCUMENT = "MOORING_DOCUMENT"
"""A variable of the processes beside: another document, another process."""

NAMES = "MOORING_NAMES"
"""A variable of the monitor: the host names by which the pods and the Service of this cluster call it."""

log = logging.getLogger("mooring.keeper")


@dataclass(frozen=True, slots=True)
class Commands:
    """How the processes beside are started; options are appended."""

    exporter: Sequence[str] = EXPORTER
    monitor: Sequence[str] = beside.MONITOR.command
    chat: Sequence[str] = beside.CHAT.command


class Keeper:
    """One environment's, while it has the lease. `make` is the class of the target."""

    def __init__(
        self, around: Surroundings, ledger: Ledger, commands: Commands, make: "Callable[..., Kubernetes]"
    ) -> None:
        self._around, self._ledger, self._make = around, ledger, make
        self._root = around.state / "root"
        self._database = Transactions(around.location.found(around.environ), patience=5)
        self._releases = Releases(self._database, Store(around.state / RELEASES))
        self.keeping = Keeping(ledger, self._database, around.environment, self._target)
        self._doors = PodDoors(around.state, around.token)
        self._presence = Presence(Machine(around.uid, machines.host(), f"{around.pod}:{around.state}"))
        self._live: Release | None = None
        self._made: Kubernetes | None = None
        self._document = ""
        self._sums = Keepsake(ledger, f"{around.environment}/{SUMS}", around.state / SUMS)
        self._exporter = Exporter(around.state, commands.exporter)
        memory = Memory(around.state / "keeper.json")
        where = (self._root, around.state, around.environment, memory)
        host = f"[{around.ip}]" if ":" in around.ip else around.ip
        monitor = Kind("monitor", commands.monitor, lambda _release: f"{host}:{names.MONITOR}")
        chat = Kind("chat", commands.chat, lambda release: f"{host}:{names.CHAT}" if release.chat else None)
        self._monitor, self._chat = Beside(monitor, *where), Beside(chat, *where)

    async def run(self, over: Callable[[], bool]) -> None:
        """Goes round until it is `over`."""
        await self._doors.open()
        said: dict[str, str] = {}
        work: tuple[Callable[[], Awaitable[None]], ...] = (
            self._look, self._keep_house, self._keep_runs, self._keep_doors, self._keep_exporter, self._keep_monitor,
            self._keep_chat,
        )  # fmt: skip
        try:
            while not over():
                for each in work:
                    try:
                        await each()
                        said.pop(each.__name__, None)
                    except (MooringError, OSError) as error:
                        if str(error) != said.get(each.__name__):
                            log.warning("%s", error)
                        said[each.__name__] = str(error)
                await asyncio.sleep(ROUND)
        finally:
            await self._end()

    async def _look(self) -> None:
        seen = await asyncio.to_thread(self.keeping.look)
        if seen.live and (self._live is None or self._live.digest != seen.live):
            self._live = await asyncio.to_thread(self._releases.get, seen.live)
            self._document, self._made = write_document(self._root, self._live), None
        await asyncio.to_thread(self._presence.say, self._ledger, seen.live, seen.seq)

    async def _keep_house(self) -> None:
        await asyncio.to_thread(self.keeping.fold)
        if self._here:
            self.keeping.act()

    async def _keep_runs(self) -> None:
        if self._here:
            await asyncio.to_thread(self.keeping.bury)

    async def _keep_doors(self) -> None:
        seen = self.keeping.seen
        await self._doors.refresh(seen.rows, seen.now, seen.switches)

    async def _keep_exporter(self) -> None:
        self._exporter.ensure(self._digest, self._environ())

    async def _keep_monitor(self) -> None:
        await asyncio.to_thread(self._sums.bring)
        self._monitor.ensure(self._digest, True, self._environ())
        await asyncio.to_thread(self._sums.keep)

    async def _keep_chat(self) -> None:
        self._chat.ensure(self._digest, True, self._environ())

    @property
    def _here(self) -> bool:
        """Whether the live release is for a cluster: where the environment moved away, all of this is others' work."""
        return self._live is not None and self._live.content.environment.target.type == "kubernetes"

    @property
    def _digest(self) -> str | None:
        return self._live.digest if self._live else None

    def _environ(self) -> dict[str, str]:
        return {**self._around.environ, DOCUMENT: self._document, NAMES: ",".join(self._names())}

    def _names(self) -> list[str]:
        """Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"""
        service = names.keeper(self._around.environment)
        space = getattr(self._live.content.environment.target, "namespace", "") if self._live else ""
        full = [f"{service}.{space}{rest}" for rest in ("", ".svc", ".svc.cluster.local")] if space else []
        return [self._around.ip, service, *full]

    def _target(self) -> "Kubernetes":
        if self._live is None:
            raise Failed(Reason.NOT_RUNNING, "nothing is live yet")
        if self._made is None:
            self._made = self._make(self._root, self._live.content.environment, self._around.state)
        return self._made

    async def _end(self) -> None:
        self.keeping.close()
        for each in (self._exporter, self._monitor, self._chat):
            each.stop()
        await self._doors.close()
        with suppress(MooringError):
            await asyncio.to_thread(self._sums.keep, now=True)
            await asyncio.to_thread(self._presence.leave, self._ledger)
        self._database.close()


async def turn(ledger: Ledger, around: Surroundings, over: Callable[[], bool]) -> Lease | None:
    """Waits until it is this one's turn to be the keeper; None when it is over before."""
    said = ""
    while not over():
        try:
            name = f"{around.environment}/keeper"
            return await asyncio.to_thread(lease.acquire, ledger, name, around.pod, "keeper")
        except Stopped as stopped:
            if (now := str(stopped)) != said and not isinstance(stopped, Refused):
                log.warning("%s", now)
            said = now
            await asyncio.sleep(TURN)
    return None


async def keep(around: Surroundings, commands: Commands, make: "Callable[..., Kubernetes]") -> int:
    """Keeps house until SIGTERM; 1 when another keeper took over. Raises MooringError when it cannot begin."""
    around.settle()
    ledger, ended = Ledger(around.location, around.environ, patience=5), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    held = await turn(ledger, around, ended.is_set)
    if held is None:
        return 0
    log.info("this is the keeper of %s now", around.environment)
    renewal = lease.Renewal(ledger, held)
    with renewal:
        await Keeper(around, ledger, commands, make).run(lambda: ended.is_set() or renewal.lost)
    if renewal.lost:
        log.error("another keeper took over")
    return int(renewal.lost)


def main(argv: Sequence[str], commands: Commands | None = None, make: "Callable[..., Kubernetes] | None" = None) -> int:
    """Runs until told to end."""
    if argv:
        raise UsageError("the keeper is told everything by its variables")
    configure(sys.stderr)
    os.umask(0o077)
    log.setLevel(logging.INFO)
    logging.raiseExceptions = False
    if make is None:
        from mooring.targets.kubernetes.kept import Kept

        make = Kept
    try:
        return asyncio.run(keep(Surroundings.read(os.environ), commands or Commands(), make))
    except MooringError as error:
        last_words.say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
