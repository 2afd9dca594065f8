"""The supervisor of one environment: holds the public socket, keeps slots, simulator and local models, and switches.

Nothing depends on it while it is dead: slots go on serving, and the next supervisor takes everything
over. It decides nothing about releases; that is the rollout's, which it lets recover what was left half-done.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.errors import Failed, MooringError, Refused, Stopped
from mooring.network import is_loopback
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS
from mooring.runtime.core.logs import configure
from mooring.runtime.door.live import Live
from mooring.runtime.process import unix_http
from mooring.runtime.process.slot import LIVE
from mooring.targets.host import beside, folders, listening
from mooring.targets.host.beside import Beside
from mooring.targets.host.exporter import COMMAND as EXPORTER
from mooring.targets.host.exporter import Exporter
from mooring.targets.host.memory import Memory
from mooring.targets.host.requirements import Requirements, Weights
from mooring.targets.host.simulated import COMMAND as SIMULATOR
from mooring.targets.host.simulated import Simulator, port_of
from mooring.targets.local.housekeeping import Housekeeping
from mooring.targets.local.lock import lock
from mooring.targets.local.models import ModelServers
from mooring.targets.local.workers import Workers

SLOT = (sys.executable, "-m", "mooring.runtime.process")
RECOVERY = (sys.executable, "-m", "mooring.targets.local.recovery")

log = logging.getLogger("mooring.supervisor")


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    root: Path
    state: Path
    environment: str
    listen: str


@dataclass(frozen=True, slots=True)
class Commands:
    """How the processes under it are started; options are appended."""

    slot: Sequence[str] = SLOT
    simulator: Sequence[str] = SIMULATOR
    recovery: Sequence[str] = RECOVERY
    exporter: Sequence[str] = EXPORTER
    monitor: Sequence[str] = beside.MONITOR.command
    chat: Sequence[str] = beside.CHAT.command


class Supervisor:
    """Made inside a running loop, with the lock of the state folder held."""

    def __init__(self, options: Options, commands: Commands) -> None:
        self.options = options
        self.memory = Memory.load(options.state / "supervisor.json", put_aside=True)
        self.simulator = Simulator(options.root, options.state, commands.simulator)
        self._secrets: dict[str, str] = {}
        recovery = ["--root", options.root, "--state", options.state, "--environment", options.environment]
        command = [*commands.recovery, *map(str, recovery)]
        self._housekeeping = Housekeeping(
            options.root, options.state, options.environment, self.memory, command, self._environ
        )
        self._housekeeping.fetch()
        self.slots = {name: Workers(name, options.state, self.memory, commands.slot, self._around) for name in SLOTS}
        self._live = Live(options.state / LIVE)
        self._switching = asyncio.Lock()
        self._models = ModelServers(options.state)
        self._exporter = Exporter(options.state, commands.exporter)
        where = (options.root, options.state, options.environment, self.memory)
        self._monitor = Beside(beside.MONITOR, *where, commands.monitor)
        self._chat = Beside(beside.CHAT, *where, commands.chat)
        self._ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, opened: "asyncio.Future[None] | None" = None) -> None:
        """Until told to end. Raises Failed or Refused before anything was started."""
        await asyncio.to_thread(self._enter)
        public = listening.obtain(self.options.state, self.memory, self.options.listen)
        self._shut_out()
        for slot in self.slots.values():
            slot.starter.listening = public.fileno()
        try:
            await self._surround([slot.wanted for slot in self.slots.values()])
        except Stopped as stopped:
            log.error("%s", stopped)  # tried again every second; what serves without it goes on
        door = await unix_http.serve(folders.control(self.options.state), self._routes())
        self._tasks = [asyncio.create_task(slot.run()) for slot in self.slots.values()]
        self._tasks.append(asyncio.create_task(self._go_round()))
        if opened:
            opened.set_result(None)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._ended.set)
        await self._ended.wait()
        door.close()  # threads may keep the process for a moment, and whoever comes now is to start another
        for task in self._tasks:
            task.cancel()

    def _enter(self) -> None:
        try:
            self._housekeeping.enter()
        except MooringError as error:
            if isinstance(error, Refused) and error.reason is Reason.GUARDED:
                raise
            log.error("%s", error)  # what serves needs no ledger

    def _routes(self) -> dict[str, unix_http.Handler]:
        return {
            "GET /status": self._status,
            "GET /figures": self._figures,
            "POST /fence": self._fence,
            "POST /secrets": self._told,
            "POST /start": self._start,
            "POST /discard": self._discard,
            "POST /switch": self._switch,
            "POST /restart": self._restart,
            "POST /shutdown": self._shutdown,
        }

    # --- the door ---

    async def _status(self, _body: Mapping[str, Any]) -> dict[str, Any]:
        facts = await asyncio.gather(*(slot.facts() for slot in self.slots.values()))
        return {
            "pid": os.getpid(),
            "environment": self.options.environment,
            "listen": self.memory.listen,
            "live": self.memory.live,
            "token": self.memory.token,
            "machine": self.memory.machine,
            "simulator": self.simulator.url,
            "models": self._models.data(),
            "monitor": self._monitor.url,
            "chat": self._chat.url,
            "ledger": self._housekeeping.data(),
            "slots": dict(zip(self.slots, facts, strict=True)),
        }

    def _figures(self, _body: Mapping[str, Any]) -> dict[str, Any]:
        """What it counted, and how many workers each slot is to have."""
        workers = {name: slot.count for name, slot in self.slots.items()}
        return {**self.memory.tallies.figures(), "supervisor": os.getpid(), "workers": workers}

    async def _fence(self, body: Mapping[str, Any]) -> dict[str, Any]:
        token = int(body["token"])
        if token < self.memory.token:
            raise Refused(Reason.FENCED, f"token {token} is older than {self.memory.token}: another process took over")
        if token > self.memory.token:
            self.memory.token = token
            self.memory.save()
        return {"token": token}

    async def _told(self, body: Mapping[str, Any]) -> dict[str, Any]:
        os.environ.update(body["environ"])
        return {}

    async def _start(self, body: Mapping[str, Any]) -> dict[str, Any]:
        await self._fence(body)
        slot, digest = self._idle(body), str(body["digest"])
        if not folders.release_file(self.options.state, digest).exists():
            raise Failed(Reason.STORAGE, f"release {digest} is not in the store")
        self._closed(digest)
        self._secrets.update(body.get("environ", {}))
        await self._surround([digest])
        slot.want(digest)
        return {}

    async def _discard(self, body: Mapping[str, Any]) -> dict[str, Any]:
        await self._fence(body)
        slot = self._idle(body)
        if slot.wanted == body["digest"]:
            slot.want(body.get("instead"))
        return {}

    async def _switch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        await self._fence(body)
        to, was = str(body["slot"]), self.memory.live
        async with self._switching:
            await self.slots[to].check(str(body["digest"]))
            self.memory.switch(to)
            self.slots[to].renew()
            milliseconds = self._move(to, was)
        log.info("switched to %s in %.2f ms", to, milliseconds)
        return {"ms": milliseconds}

    def _move(self, to: str, was: str | None) -> float:
        """The switch, in one turn of the event loop; milliseconds from its first step that a client could notice.

        All workers of the new side are armed first. Then one write, which all processes see at once, takes the
        traffic from the old side and gives it to the new one. Raises Stopped when a worker cannot be armed; then
        nothing has changed.
        """
        new, old = self.slots[to], self.slots[was] if was not in (None, to) else None
        new.order(True, armed=True)
        if failed := _failure(new):
            self.memory.live = was
            self.memory.tallies.switches -= 1
            self.memory.save()
            new.order(False)
            _failure(new)
            raise failed
        start = time.perf_counter()
        self._live.say(to)
        milliseconds = (time.perf_counter() - start) * 1000
        if old:
            old.order(False)
            _failure(old)  # one that cannot answer now is told again by its reconciler
        return milliseconds

    async def _restart(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self.slots[str(body["slot"])].restart()
        return {}

    async def _shutdown(self, _body: Mapping[str, Any]) -> dict[str, Any]:
        """Ends the slots after their requests. What they held is remembered and comes back at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(slot.end() for slot in self.slots.values()))
        self.simulator.stop()
        self._models.stop()
        self._exporter.stop()
        self._monitor.stop()
        self._chat.stop()
        with suppress(MooringError):
            await asyncio.to_thread(self._housekeeping.close)
        asyncio.get_running_loop().call_later(0.05, self._ended.set)
        return {}

    def _shut_out(self) -> None:
        """Starts no release that would answer anybody through a socket that moved to where other machines reach it."""
        for name, slot in self.slots.items():
            try:
                self._closed(slot.wanted)
            except Refused as refused:
                log.error("%s is left empty: %s", name, refused)
                if self.memory.live == name:
                    self.memory.live = None
                slot.want(None)

    def _closed(self, digest: str | None) -> None:
        """Refused(GUARDED) when the release would answer anybody, and other machines reach the socket."""
        address = self.memory.listen
        if digest is None or is_loopback(address.rpartition(":")[0]):
            return
        if not Requirements.read(folders.release_file(self.options.state, digest)).access:
            message = f"{address} can be reached from other machines, and the release asks nobody for a key"
            raise Refused(Reason.GUARDED, message, "declare access in the environment, or listen on 127.0.0.1")

    def _idle(self, body: Mapping[str, Any]) -> Workers:
        slot = str(body["slot"])
        if slot == self.memory.live:
            raise Refused(Reason.GUARDED, f"{slot} is live; only the other slot may change")
        return self.slots[slot]

    async def _go_round(self) -> None:
        said: dict[str, str] = {}
        while True:
            await asyncio.sleep(1)
            for work in (
                self._keep_house,
                self._keep_simulator,
                self._keep_models,
                self._keep_exporter,
                self._keep_monitor,
                self._keep_chat,
            ):
                try:
                    await work()
                except (MooringError, OSError) as error:
                    if str(error) != said.get(work.__name__):
                        log.warning("%s", error)
                    said[work.__name__] = str(error)

    async def _keep_house(self) -> None:
        """In a thread: while the database is waited for, everything else goes on."""
        await asyncio.to_thread(self._housekeeping.look)
        if (cold := self._housekeeping.cold()) is not None:
            log.info("the standby in %s was warm long enough and ends", cold)
            self.slots[cold].want(None)
        await asyncio.to_thread(self._housekeeping.act)

    async def _keep_simulator(self) -> None:
        if self.simulator.wanted:
            await self.simulator.ensure(self.memory.simulator_port)

    async def _keep_models(self) -> None:
        await self._models.keep(lambda: self._served_here([slot.wanted for slot in self.slots.values()]))

    async def _keep_exporter(self) -> None:
        self._exporter.ensure(self._live_digest, self._environ())

    async def _keep_monitor(self) -> None:
        self._monitor.ensure(self._live_digest, self._ready, self._environ())

    async def _keep_chat(self) -> None:
        self._chat.ensure(self._live_digest, self._ready, self._environ())

    @property
    def _ready(self) -> bool:
        return self.memory.live is not None and self.slots[self.memory.live].ready

    @property
    def _live_digest(self) -> str | None:
        return self.memory.slots[self.memory.live].digest if self.memory.live else None

    # --- what slots need around them ---

    async def _surround(self, digests: Sequence[str | None]) -> None:
        """Starts what releases call on this machine: the simulator and local models."""
        files = [folders.release_file(self.options.state, digest) for digest in digests if digest]
        if any(Requirements.read(file).simulated for file in files):
            self.memory.simulator_port = port_of(await self.simulator.ensure(self.memory.simulator_port))
            self.memory.save()
        await self._models.ensure(self._served_here(digests))

    def _served_here(self, digests: Sequence[str | None]) -> list[Weights]:
        """The models that releases have this machine serve."""
        files = [folders.release_file(self.options.state, digest) for digest in digests if digest]
        return [model for file in files for model in Requirements.read(file).models]

    def _environ(self) -> dict[str, str]:
        """Variables of this process, and the secrets that deployments brought."""
        return {**os.environ, **self._secrets}

    def _around(self, digest: str) -> dict[str, str]:
        around = self._environ()
        if self.simulator.url and Requirements.read(folders.release_file(self.options.state, digest)).simulated:
            around["MOORING_SIMULATOR_URL"] = self.simulator.url
        return around


def _failure(slot: Workers) -> Stopped | None:
    """Why a worker of a slot did not do as it was told; None when all did."""
    try:
        slot.obeyed()
    except Stopped as stopped:
        return stopped
    return None


def parse(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="mooring.targets.local.supervisor")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--listen", required=True)
    return Options(**vars(parser.parse_args(argv)))


def main(argv: Sequence[str], commands: Commands | None = None) -> int:
    """Runs until told to end. The first line of output says as JSON whether it has started; then that is closed."""
    configure(sys.stderr)
    os.umask(0o077)  # whatever slots and the simulator write is for their owner alone
    log.setLevel(logging.INFO)
    logging.raiseExceptions = False
    try:
        options = parse(argv)
        held = lock(options.state)
        asyncio.run(_run(options, commands or Commands()))
        os.close(held)
    except Stopped as stopped:
        log.error("%s", stopped)
        _announce({"reason": stopped.reason, "message": str(stopped), "fix": stopped.fix})
        return 1
    return 0


async def _run(options: Options, commands: Commands) -> None:
    opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    opened.add_done_callback(lambda _done: _announce({}))
    await Supervisor(options, commands).run(opened)


def _announce(answer: Mapping[str, Any]) -> None:
    with suppress(OSError, ValueError):
        print(json.dumps(answer), flush=True)
        os.dup2(2, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
