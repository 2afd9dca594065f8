"""`python -m mooring.targets.kubernetes.pod`: the process in a pod of a slot, from the database to its last answer.

It says in one line why it cannot start, where the cluster shows that line beside the pod, and ends with 1.
"""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import Failed, MooringError
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import SLOTS
from mooring.runtime.core.logs import configure
from mooring.runtime.memory.durable.executors import name_home
from mooring.runtime.process.__main__ import real_app
from mooring.runtime.process.slot import Build, Options
from mooring.state.records.pods import Pod
from mooring.targets.host import folders
from mooring.targets.host.requirements import Requirements
from mooring.targets.host.simulated import Simulator
from mooring.targets.kubernetes import accounts, last_words, names
from mooring.targets.kubernetes.fetching import PATIENCE, fetch
from mooring.targets.kubernetes.pod_slot import PodSlot
from mooring.targets.kubernetes.surroundings import Surroundings

LEDGER_SECONDS = 3.0
"""How long the database may say nothing to whoever keeps accounts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line."""

    slot: str
    release: str
    environment: str | None
    patience: float


def parse(argv: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(prog="mooring.targets.kubernetes.pod")
    parser.add_argument("--slot", choices=SLOTS, required=True)
    parser.add_argument("--release", metavar="sha256:…", required=True)
    parser.add_argument("--environment", help=f"absent: ${names.ENVIRONMENT_NAME}")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds that the database has to answer")
    return Asked(**vars(parser.parse_args(argv)))


def main(argv: Sequence[str], build: Build = real_app, say: Callable[[str], None] = last_words.say) -> int:
    """Runs until told to end; 0 then, 1 when it cannot start."""
    asked = parse(argv)
    configure(sys.stderr, {"pod": os.environ.get(names.POD_NAME, "")})
    logging.raiseExceptions = False  # a full disk must not end a slot that serves
    os.umask(0o077)
    # The first process of a container gets no signal that it does not handle (pid_namespaces(7)).
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    return asyncio.run(_spoken(asked, build, say))


async def _spoken(asked: Asked, build: Build, say: Callable[[str], None]) -> int:
    """The exit code. The last words come before what is half begun is closed, which may take a while."""
    try:
        return await _run(asked, os.environ, build, say)
    except MooringError as error:
        fix = getattr(error, "fix", "")
        say(f"{error}; {fix}" if fix else str(error))
        return 1


async def _run(asked: Asked, environ: Mapping[str, str], build: Build, say: Callable[[str], None]) -> int:
    """Raises MooringError when it cannot start."""
    around = Surroundings.read(environ, asked.environment)
    around.settle()
    public, private = bound(around.ip, names.HTTP), bound(around.ip, names.ADMIN)
    address = around.location.found(environ)
    release = await asyncio.to_thread(fetch, address, around.state, asked.release, asked.patience)
    name_home(around.state, around.uid.replace("-", ""))
    ledger = Ledger(around.location, environ, patience=LEDGER_SECONDS)
    row = Pod(
        f"{around.uid}-{secrets.token_hex(4)}",
        around.environment,
        asked.slot,
        asked.release,
        around.pod,
        around.uid,
        f"[{around.ip}]:{names.ADMIN}" if ":" in around.ip else f"{around.ip}:{names.ADMIN}",
    )
    await asyncio.to_thread(accounts.settle_former, ledger, around.state, row)
    simulator = await _simulator(release, around)
    slot = PodSlot(_options(asked, around, release, public), build, ledger, row)
    try:
        return await _serve(slot, private, around.token, say)
    finally:
        if simulator:
            await asyncio.to_thread(simulator.stop)


async def _serve(slot: PodSlot, private: socket.socket, token: str, say: Callable[[str], None]) -> int:
    from mooring.targets.kubernetes import admin_door

    routes = slot.routes()
    private.listen()
    door = await admin_door.opened(private, routes, token)
    try:
        code = await slot.run(routes)
        if slot.why:
            known = isinstance(slot.why, MooringError)
            say(str(slot.why) if known else f"the slot cannot start: {type(slot.why).__name__}: {slot.why}")
        return code
    finally:
        await slot.settle()
        await door.stop(0.5, 0)


def _options(asked: Asked, around: Surroundings, release: Path, public: socket.socket) -> Options:
    return Options(asked.slot, release, public.detach(), folders.admin(around.state, asked.slot), around.state)


async def _simulator(release: Path, around: Surroundings) -> Simulator | None:
    """A simulator of this pod alone, where the release wants one. Failed(PROCESS) when it does not start."""
    if not Requirements.read(release).simulated:
        return None
    simulator = Simulator(around.root, around.state)
    os.environ["MOORING_SIMULATOR_URL"] = await simulator.ensure(0)
    return simulator


def bound(ip: str, port: int) -> socket.socket:
    """A socket that has its port and does not listen yet. Failed(PORT_IN_USE) in one line."""
    made = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((ip, port))
    except OSError as error:
        made.close()
        raise Failed(Reason.PORT_IN_USE, f"cannot listen on {ip} port {port}: {error.strerror}") from None
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
