"""Releases by their digest. Written once and never changed; whoever reads one checks that it is what its name says."""

import sqlalchemy as sa

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.canonical import digest as digest_of
from mooring.state import tables
from mooring.state.tables import TABLES, moment, text

RELEASES = sa.Table(
    "releases",
    TABLES,
    text("digest", primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    moment("stored"),
)


def put(connection: sa.Connection, digest: str, content: bytes, now: float) -> None:
    """Writes a release unless it is there. Refused(TAMPERED) when it is there with other content."""
    made = tables.insert(connection.dialect.name, RELEASES).on_conflict_do_nothing()
    connection.execute(made, {"digest": digest, "content": content, "stored": now})
    get(connection, digest)


def get(connection: sa.Connection, digest: str) -> bytes | None:
    """The bytes of a release; None when there is none. Refused(TAMPERED) when they are not what the digest names."""
    found = connection.execute(sa.select(RELEASES.c.content).where(RELEASES.c.digest == digest)).scalar()
    if found is not None and (said := digest_of(found)) != digest:
        raise Refused(
            Reason.TAMPERED,
            f"the database has something else under the name of release {digest}: its content is {said}",
            "find out who wrote it, and delete the row; the release is built again from git",
        )
    return found


def digests(connection: sa.Connection) -> list[str]:
    """Every digest, sorted."""
    return list(connection.execute(sa.select(RELEASES.c.digest).order_by(RELEASES.c.digest)).scalars())
