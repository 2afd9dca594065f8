"""The lease on an environment: one deployment at a time, with an end, an owner and a fencing token.

The token grows with every lease and is never given out twice, and the database's clock says when a lease ends. Every
action shows the token; the ledger and the target refuse an older one, so a process that slept through its lease can do
no harm.
"""

import os
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psutil

from mooring.errors import Refused, Stopped
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.state.processes import machine
from mooring.state.records import leases
from mooring.state.records.leases import Lease
from mooring.state.records.ledger import lock
from mooring.state.records.statements import Statements

TERM = 20.0
"""Seconds a lease holds without renewal."""


def read(ledger: Ledger, environment: str) -> Lease | None:
    """The newest lease, held or not."""
    return ledger.read(lambda statements: leases.read(statements, environment))


def holder(ledger: Ledger, environment: str) -> Lease | None:
    """The lease that holds now; None when nobody has one."""

    def work(statements: Statements) -> Lease | None:
        newest = leases.read(statements, environment)
        return newest if newest and _holds(newest, ledger.now(statements)) else None

    return ledger.read(work)


def acquire(ledger: Ledger, environment: str, actor: str, kind: str) -> Lease:
    """Takes the lease. Raises Refused(LOCKED), which says who holds it and until when.

    A rollback takes over from anything but another rollback: its higher token fences the other out.
    """

    def work(statements: Statements) -> Lease:
        lock(statements, environment)
        old, now = leases.read(statements, environment), ledger.now(statements)
        if old and _holds(old, now) and (kind != "rollback" or old.kind == "rollback"):
            until = datetime.fromtimestamp(old.until, UTC).strftime("%H:%M:%S UTC")
            raise Refused(
                Reason.LOCKED,
                f"{environment} is locked by {old.actor} ({old.kind}, {old.process}) until {until} or longer",
                "wait for it; a rollback may take over",
            )
        taken = Lease(environment, old.token + 1 if old else 1, _owner(), actor, kind, now + TERM)
        leases.put(statements, taken)
        return taken

    return ledger.write(work)


def renew(ledger: Ledger, lease: Lease) -> bool:
    """Extends the lease; False when it was no longer ours."""
    return ledger.write(
        lambda statements: leases.renew(statements, lease.environment, lease.token, ledger.now(statements) + TERM)
    )


def release(ledger: Ledger, lease: Lease) -> bool:
    """Gives the lease back; False when it was no longer ours."""
    return ledger.write(lambda statements: leases.renew(statements, lease.environment, lease.token, 0))


class Renewal:
    """Renews a lease in a background thread while the `with` block runs, then releases it.

    `lost` becomes true when somebody else took the lease over.
    """

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self.lease = lease
        self._ledger = ledger
        self._done = threading.Event()
        self.lost = False
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        with suppress(Stopped):
            release(self._ledger, self.lease)

    def _renew(self) -> None:
        while not self._done.wait(TERM / 4):
            # A failed renewal is no failure yet: the next may succeed, and the token decides in the end.
            with suppress(Stopped):
                if not renew(self._ledger, self.lease):
                    self.lost = True
                    break


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.0f}@{machine()}"


def _holds(lease: Lease, now: float) -> bool:
    """Whether it has not expired, and its process is not known to have ended."""
    return now < lease.until and not _gone(lease)


def _gone(lease: Lease) -> bool:
    """Whether the owner is known to have ended, which can be told only where its process would be seen.

    Host names do not say that: two containers may have the same one.
    """
    where = lease.owner.partition("@")[2]
    if where != machine():
        return False
    _host, pid, start = lease.process.rsplit(":", 2)
    try:
        process = psutil.Process(int(pid))
        # Two seconds of play: the moment is computed from a boot time that a clock adjustment may move.
        return process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - float(start)) > 2
    except psutil.NoSuchProcess:
        return True
