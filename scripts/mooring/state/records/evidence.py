"""Evidence about releases, by its digest: which one a release went out on is in the ledger."""

import json
from typing import Any

import sqlalchemy as sa

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.canonical import canonical
from mooring.release.canonical import digest as digest_of
from mooring.state import tables
from mooring.state.tables import TABLES, moment, text

EVIDENCE = sa.Table(
    "evidence",
    TABLES,
    text("digest", primary_key=True),
    text("release"),
    # `live`, `recorded` or `simulated`.
    text("class"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    moment("stored"),
    sa.Index("evidence_release", "release"),
)


def put(connection: sa.Connection, content: bytes, now: float) -> str:
    """Keeps evidence, which is JSON with a digest of its own; that digest. Refused(TAMPERED) when it does not fit."""
    value, digest = _read(content, "this")
    made = tables.insert(connection.dialect.name, EVIDENCE).on_conflict_do_nothing()
    row = {"digest": digest, "release": value["release"], "class": value["evidence"]}
    connection.execute(made, row | {"content": content, "stored": now})
    return digest


def get(connection: sa.Connection, digest: str) -> bytes | None:
    """Evidence by its digest; None when there is none. Refused(TAMPERED) when it was altered."""
    found = connection.execute(sa.select(EVIDENCE.c.content).where(EVIDENCE.c.digest == digest)).scalar()
    if found is not None and _read(found, f"evidence {digest}")[1] != digest:
        raise _altered(f"evidence {digest}")
    return found


def newest(connection: sa.Connection, release: str, kind: str) -> bytes | None:
    """The newest evidence of a class about a release; None when there is none. Refused(TAMPERED)."""
    e = EVIDENCE.c
    query = sa.select(e.digest).where(e.release == release, e["class"] == kind).order_by(e.stored.desc()).limit(1)
    digest = connection.execute(query).scalar()
    return get(connection, digest) if digest else None


def about(connection: sa.Connection, release: str) -> list[tuple[str, bytes]]:
    """All evidence about a release, with its digest; the newest first."""
    query = sa.select(EVIDENCE.c.digest, EVIDENCE.c.content).where(EVIDENCE.c.release == release)
    return [(digest, content) for digest, content in connection.execute(query.order_by(EVIDENCE.c.stored.desc()))]


def _read(content: bytes, name: str) -> tuple[dict[str, Any], str]:
    """The value, and its digest, which is what it says of itself."""
    try:
        value = json.loads(content)
        said = value.pop("digest")
        if said == digest_of(canonical(value)) and value["release"] and value["evidence"]:
            return value, said
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise _altered(name)


def _altered(name: str) -> Refused:
    return Refused(Reason.TAMPERED, f"{name} is not evidence as moor eval wrote it", "run moor eval again")
