"""What earlier versions kept in `ledger.db`: the ledger and the lease of an environment.

A chain that goes on from what is here is copied unchanged, numbers and hashes included. One that began anew, after a
rollback to the version that writes it, is linked to the end.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.state.place.location import OLD_LEDGER
from mooring.state.records import leases, ledger
from mooring.state.records.ledger import START, Row
from mooring.state.records.statements import Statements

BUSY_SECONDS = 3.0
"""How long a process of the earlier version that writes to the file is waited for."""


def check(folder: Path) -> None:
    """Raises Refused(TAMPERED) unless the old ledger of a folder is whole, Failed(STORAGE) when it cannot be read."""
    path = folder / OLD_LEDGER
    try:
        # Not made anew where another process has taken it over meanwhile.
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, timeout=BUSY_SECONDS, uri=True)) as source:
            rows(source)
    except (ValueError, sqlite3.DatabaseError) as error:
        if not path.exists():
            return
        if isinstance(error, sqlite3.OperationalError):
            raise Failed(Reason.STORAGE, f"cannot use {path}: {error}", "make room, or make it readable") from None
        told = str(error) if isinstance(error, ValueError) else f"it is not a ledger any more ({error})"
        fix = "find out who changed it; to go on without what it says, move it away"
        raise Refused(Reason.TAMPERED, f"{path} cannot be taken over: {told}", fix) from None


def rows(source: sqlite3.Connection) -> list[Row]:
    """All entries. Raises ValueError when any was altered or is missing."""
    if not source.execute("select 1 from sqlite_master where name = 'entries'").fetchone():
        return []
    found = [
        Row(environment, seq, body, previous, link)
        for seq, environment, body, previous, link in source.execute("select * from entries order by seq")
    ]
    before = START
    for number, row in enumerate(found, 1):
        if row.seq != number or row.previous != before or not row.sealed:
            raise ValueError(f"the chain breaks at entry {number}")
        before = row.hash
    ever = source.execute("select seq from sqlite_sequence where name = 'entries'").fetchone()
    if ever is not None and ever[0] != len(found):
        raise ValueError(f"{ever[0] - len(found)} entries are missing at the end")
    if len({row.environment for row in found}) > 1:
        raise ValueError("it is of several environments")
    return found


def copy(statements: Statements, source: sqlite3.Connection) -> None:
    """Copies all entries and leases. Raises ValueError, and copies nothing, when any was altered or is missing."""
    found = rows(source)
    if found:
        seq, last = ledger.lock(statements, found[0].environment)
        follows = found[0].seq == seq + 1 and found[0].previous == last
        for row in found:
            if follows:
                ledger.insert(statements, row)
            else:
                ledger.append(statements, row.environment, row.body)
    if source.execute("select 1 from sqlite_master where name = 'leases'").fetchone():
        for held in source.execute("select environment, token, owner, actor, kind, until from leases"):
            leases.put(statements, leases.Lease(*held))
