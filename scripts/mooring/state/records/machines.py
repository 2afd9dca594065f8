"""The machines that serve an environment: each says several times a minute that it is there.

A server may have many. A file may have one: how far another machine's writes to it are seen cannot be relied upon, and
its processes cannot be seen at all. Whether another one is alive is told by its count going up, not by anybody's clock.
"""

import socket
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from mooring.state.records.statements import Statements

BEAT_SECONDS = 2.0
"""Between two times that a machine says that it is there."""

GONE_SECONDS = 8.0
"""After so many seconds without, it is taken for dead."""

_BEAT = """insert into machines (id, host, folder, live, entry, ahead, beat, seen)
    values (:id, :host, :folder, :live, :entry, :ahead, 1, :seen)
    on conflict (id) do update set host = excluded.host, folder = excluded.folder, live = excluded.live,
    entry = excluded.entry, ahead = excluded.ahead, beat = machines.beat + 1, seen = excluded.seen"""
_ALL = "select id, host, folder, live, entry, ahead, beat, seen from machines order by host, folder"


@dataclass(frozen=True, slots=True)
class Machine:
    """`live` is the digest with the traffic there, `entry` the number of the ledger's last entry that it knows.

    `ahead` is how many seconds its clock is ahead of the database's; `seen` is by the database's clock.
    """

    id: str
    host: str
    folder: str
    live: str | None = None
    entry: int = 0
    ahead: float = 0.0
    beat: int = 0
    seen: float = 0.0


@cache
def host() -> str:
    """Names this machine: its host name, and the identity of its installation where there is one."""
    try:
        return f"{socket.gethostname()} {Path('/etc/machine-id').read_text(encoding='ascii').strip()[:8]}".strip()
    except OSError:
        return socket.gethostname()


def named(machine: Machine) -> str:
    """What tells it from others to people, and to those who remember it."""
    return f"{machine.host} {machine.folder}"


def beat(statements: Statements, machine: Machine) -> None:
    """Says that a machine is there, and what it has."""
    row = asdict(machine)
    del row["beat"]
    statements(_BEAT, **{**row, "seen": statements.now()})


def leave(statements: Statements, machine: str) -> None:
    """Says that a machine is there no more."""
    statements("delete from machines where id = :id", id=machine)


def known(statements: Statements) -> list[Machine]:
    """Every machine that did not leave, whether it is alive or not."""
    return [Machine(*row) for row in statements(_ALL)]


def alive(statements: Statements) -> list[Machine]:
    """Those that said so lately, by the database's clock."""
    now = statements.now()
    return [machine for machine in known(statements) if now - machine.seen < GONE_SECONDS]
