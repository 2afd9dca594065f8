"""The lease on an environment: one deployment at a time, with an end, an owner and a fencing token.

The token grows with every lease and is never given out twice. Every action shows it; the ledger and
the target refuse an older one, so a process that slept through its lease can do no harm.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psutil

from mooring.errors import Refused, Stopped
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger

TERM = 20.0
"""Seconds a lease holds without renewal."""

NEWEST = "SELECT environment, token, owner, actor, kind, until FROM leases WHERE environment = ?"


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may change an environment, and until when (seconds since the epoch). `owner` is host:pid:start."""

    environment: str
    token: int
    owner: str
    actor: str
    kind: str
    until: float

    def held(self, now: float) -> bool:
        """Whether it still holds: it has not expired, and its process is not known to have ended."""
        return now < self.until and not _gone(self.owner)


def read(ledger: Ledger, environment: str) -> Lease | None:
    """The newest lease, held or not."""
    rows = ledger.query(NEWEST, environment)
    return Lease(*rows[0]) if rows else None


def acquire(ledger: Ledger, environment: str, actor: str, kind: str, now: float) -> Lease:
    """Takes the lease. Raises Refused(LOCKED), which says who holds it and until when.

    A rollback takes over from anything but another rollback: its higher token fences the other out.
    """
    with ledger.transaction() as db:
        row = db.execute(NEWEST, (environment,)).fetchone()
        old = Lease(*row) if row else None
        if old and old.held(now) and (kind != "rollback" or old.kind == "rollback"):
            until = datetime.fromtimestamp(old.until, UTC).strftime("%H:%M:%S UTC")
            raise Refused(
                Reason.LOCKED,
                f"{environment} is locked by {old.actor} ({old.kind}, {old.owner}) until {until} or longer",
                "wait for it; a rollback may take over",
            )
        lease = Lease(environment, old.token + 1 if old else 1, _owner(), actor, kind, now + TERM)
        db.execute(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)",
            (environment, lease.token, lease.owner, actor, kind, lease.until),
        )
    return lease


def renew(ledger: Ledger, lease: Lease, until: float) -> bool:
    """Extends the lease to `until`, or releases it with 0; False when it was no longer ours."""
    with ledger.transaction() as db:
        changed = db.execute(
            "UPDATE leases SET until = ? WHERE environment = ? AND token = ?",
            (until, lease.environment, lease.token),
        )
    return changed.rowcount == 1


class Renewal:
    """Renews a lease in a background thread while the `with` block runs, then releases it.

    `lost` becomes true when somebody else took the lease over.
    """

    def __init__(self, ledger: Ledger, lease: Lease, clock: Callable[[], float] = time.time) -> None:
        self.lease = lease
        self._ledger, self._clock = ledger, clock
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
            renew(self._ledger, self.lease, 0)

    def _renew(self) -> None:
        own: Ledger | None = None
        while not self._done.wait(TERM / 4):
            # A failed renewal is no failure yet: the next may succeed, and the token decides in the end.
            with suppress(Stopped):
                own = own or Ledger(self._ledger.path)
                if not renew(own, self.lease, self._clock() + TERM):
                    self.lost = True
                    break
        if own:
            own.close()


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.0f}"


def _gone(owner: str) -> bool:
    """Whether the owner is known to have ended, which can be told only on its own machine."""
    host, pid, start = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(pid))
        # Two seconds of play: the moment is computed from a boot time that a clock adjustment may move.
        return process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - float(start)) > 2
    except psutil.NoSuchProcess:
        return True
