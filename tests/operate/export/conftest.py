"""Databases with conversations in them, and places for their copies: a folder, and a server that speaks S3."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.operate.export.source import Source
from mooring.spec import Export
from mooring.state.place.address import Address
from mooring.state.runs import turns
from mooring.state.transactions import Transactions
from tests.operate.export.s3 import Bucket, Server
from tests.postgres import Cluster

ENVIRONMENT = "local"


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def bucket(s3: Server) -> Bucket:
    return s3.bucket()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    return _address(request, request.param, tmp_path / "state.db")


@pytest.fixture
def sqlite(tmp_path: Path) -> Address:
    return Address(f"sqlite:///{tmp_path / 'state.db'}", ENVIRONMENT)


@pytest.fixture
def another(address: Address, request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """An empty database of the same engine."""
    return _address(request, "sqlite" if address.file else "postgresql", tmp_path / "another.db")


def _address(request: pytest.FixtureRequest, engine: str, path: Path) -> Address:
    if engine == "sqlite":
        return Address(f"sqlite:///{path}", ENVIRONMENT)
    cluster: Cluster = request.getfixturevalue("cluster")
    return Address(cluster.fresh(), ENVIRONMENT)


def document(**fields: object) -> Export:
    head = {"apiVersion": "mooring/v1", "kind": "Export", "name": "export", "version": "1.0.0"}
    return Export.model_validate({**head, "description": "Copies.", "owner": "@acme/platform", **fields})


Open = Callable[..., Source]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Makes sources; `folder` is where copies go unless the fields of the document say otherwise."""
    made: list[Source] = []

    def open_(where: Address, environ: dict[str, str] | None = None, owner: str = "", **fields: object) -> Source:
        fields = {"destination": {"url": (tmp_path / "copies").as_uri()}} | fields
        around = {**os.environ, **(environ or {})}
        made.append(Source(ENVIRONMENT, where, document(**fields), tmp_path / "state", around, owner))
        return made[-1]

    yield open_
    for source in made:
        source.close()


def fill(where: Address, conversations: int, each: int = 1, first: int = 0, size: int = 40) -> None:
    """Adds conversations of some turns."""
    database = Transactions(where)

    def write(connection: sa.Connection) -> None:
        for number in range(first, first + conversations):
            for version in range(each):
                messages = f'["{os.urandom(size).hex()}"]'.encode()
                run, now = f"run-{number}-{version}-{os.urandom(4).hex()}", time.time()
                turns.add(connection, turns.NewTurn(f"acme/c{number}", "helper", run, messages, now, now + 9e6))

    database.write(write)
    database.close()


def said(where: Address) -> dict[str, list[bytes]]:
    """Every turn, by conversation."""
    database = Transactions(where)
    columns = turns.TURNS.c
    asked = sa.select(columns.conversation, columns.messages).order_by(columns.conversation, columns.version)
    found: dict[str, list[bytes]] = {}
    for name, messages in database.read(lambda connection: connection.execute(asked).all()):
        found.setdefault(name, []).append(bytes(messages))
    database.close()
    return found


@pytest.fixture
def key() -> tuple[str, str]:
    """The public and the private half of a key of age."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    return str(identity.to_public()), str(identity)
