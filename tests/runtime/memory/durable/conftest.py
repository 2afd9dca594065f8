"""Slots as processes of their own, on SQLite and on a real PostgreSQL server."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.release.release import Release
from tests.postgres import Cluster
from tests.runtime.hosting import Serving
from tests.runtime.memory.durable.fleet import Fleet, durable_release, until, zygote
from tests.runtime.memory.durable.provider import Provider


@pytest.fixture(scope="session", name="until")
def until_fixture() -> Callable[..., Any]:
    """Waits until something is true."""
    return until


@pytest.fixture(scope="session", name="zygote")
def zygote_fixture() -> Iterator[subprocess.Popen[str]]:
    with zygote() as process:
        yield process


@pytest.fixture(scope="session")
def provider_server() -> Iterator[tuple[Provider, Serving]]:
    provider = Provider()
    serving = Serving(provider.app()).start()
    provider.url = serving.url
    yield provider, serving
    serving.stop()


@pytest.fixture
def provider(provider_server: tuple[Provider, Serving]) -> Provider:
    """Reset for each test."""
    provider, _ = provider_server
    url = provider.url
    provider.__dict__.update(vars(Provider()) | {"url": url})
    return provider


@pytest.fixture(scope="session")
def make_release() -> Callable[..., Release]:
    """Makes a release with checkpoints."""
    return durable_release


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite, or the URL of an empty database."""
    if request.param == "sqlite":
        return None
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.fresh()


@pytest.fixture
def fleet(zygote: subprocess.Popen[str], provider: Provider, tmp_path: Path) -> Iterator[Fleet]:
    """Starts slots, and ends those that are left."""
    made = Fleet(zygote, provider, tmp_path)
    yield made
    made.end()
