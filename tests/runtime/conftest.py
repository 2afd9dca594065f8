"""A scripted model server, a small release that calls it, and the real app on a real socket."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample
from tests.runtime.stub import Reply, Stub


@pytest.fixture(scope="session")
def stub_server() -> Iterator[Serving]:
    """Hosts one stub after the other."""
    mount = Mount("/", Starlette())
    serving = Serving(Starlette(routes=[mount])).start()
    serving.mount = mount
    yield serving
    serving.stop()


@pytest.fixture
def stub(stub_server: Serving) -> Stub:
    """A scripted server, listening."""
    stub = Stub()
    stub.url = stub_server.url
    stub_server.mount.app = stub.app()
    return stub


@pytest.fixture
def reply() -> type[Reply]:
    """What the scripted server can answer."""
    return Reply


Build = Callable[..., Release]


@pytest.fixture(scope="session")
def build() -> Build:
    """Makes a release."""
    return sample


Serve = Callable[..., Serving]


@pytest.fixture
def serve(stub: Stub, build: Build, tmp_path: Path) -> Iterator[Serve]:
    """Serves a release, or one made of keyword arguments, with the stub as its simulator."""
    open_ones: list[Serving] = []

    def start(release: Release | None = None, slot: str = "blue", **profile: Any) -> Serving:
        environ: dict[str, str] = profile.pop("environ", {})
        settings = Settings(slot, tmp_path / "state", stub.url, environ)
        serving = Serving(create_app(release or build(**profile), settings))
        open_ones.append(serving.start())
        return serving

    yield start
    for serving in open_ones:
        serving.stop()


@pytest.fixture(scope="module")
def module_server(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for a whole module, with nobody to call: for requests that never get as far."""
    settings = Settings("blue", tmp_path_factory.mktemp("state"), "http://127.0.0.1:9", {})
    serving = Serving(create_app(build(), settings)).start()
    yield serving
    serving.stop()
