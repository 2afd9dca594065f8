"""A real model on this machine, loaded once, at the lowest rung of an agent whose vendors are played by a stub."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed
from mooring.local_model.environment import python
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.targets.host.requirements import Weights
from mooring.targets.local.models import ModelServers
from tests.local_model.missing import MISSING
from tests.runtime.conftest import stub, stub_server
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample

__all__ = ["stub", "stub_server"]

ID, CONTEXT = "smollm2-135m-instruct-q4_1", 1024
LIMITS = {"rungs": {"L0": {"timeoutSeconds": 5}, "L1": {"timeoutSeconds": 5}, "L2": {"timeoutSeconds": 60}}}
"""Of the rungs: a loaded machine may need many seconds for what takes one."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Machine:
    """The local models of one environment, kept as its supervisor keeps them."""

    def __init__(self, state: Path, context: int = CONTEXT) -> None:
        self.servers = ModelServers(state)
        self.model = Weights("small", ID, f"http://127.0.0.1:{free_port()}/v1", "smollm2-135m-instruct", context)

    def start(self) -> "Machine":
        asyncio.run(self.servers.ensure([self.model]))
        return self

    def keep(self) -> None:
        """One look of the supervisor."""
        asyncio.run(self.servers.keep(lambda: [self.model]))

    @property
    def told(self) -> dict[str, Any]:
        return self.servers.data()["small"]


@pytest.fixture(scope="session")
def engine() -> Path:
    """What runs a model. Where it cannot be installed these tests are skipped, and the summary says so; in CI they
    fail."""
    try:
        return python()
    except Failed as failed:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{MISSING}: {failed}")


@pytest.fixture(scope="session")
def loaded(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A model that serves all tests which let it live."""
    assert engine.is_file()
    machine = Machine(tmp_path_factory.mktemp("model")).start()
    yield machine
    machine.servers.stop()


def release_on(url: str, vendors: str, **small: Any) -> Release:
    """Agent `page` asks `primary` and `alternate` at `vendors`, and the real model at `url`; `small` are its keys."""
    content = sample("real", deadlineSeconds=100, ladder=LIMITS).content.model_dump(mode="json", by_alias=True)
    for name in ("primary", "alternate"):
        content["models"][name]["baseUrl"] = f"{vendors}/v1"
    options = {"temperature": 0.0, "maxOutputTokens": 100}
    own = {"id": ID, "baseUrl": url, "secretRef": None, "contextWindow": CONTEXT, "options": options}
    content["models"]["small"] |= own | small
    said = [{"role": "system", "content": "You answer in one short sentence."}]
    content["prompts"]["page"]["messages"] = [*said, {"role": "user", "content": "{{ message }}"}]
    content["prompts"]["page"]["input"]["properties"]["message"]["maxLength"] = 100_000
    return Release.of(ReleaseContent.model_validate(content))


ServeOn = Callable[..., Serving]


@pytest.fixture
def serve_on(stub: Any, tmp_path: Path) -> Iterator[ServeOn]:
    """Serves the agent, its vendors down, with the model of a machine as L2."""
    open_ones: list[Serving] = []
    stub.script("primary-1", stub_reply(503))
    stub.script("alternate-1", stub_reply(503))

    def start(machine: Machine, **small: Any) -> Serving:
        keys = {"PRIMARY_KEY": "of-nobody", "ALTERNATE_KEY": "of-nobody"}
        settings = Settings("blue", tmp_path / "state", stub.url, keys)
        serving = Serving(create_app(release_on(machine.model.url, stub.url, **small), settings)).start()
        serving.http.timeout = 120
        open_ones.append(serving)
        return serving

    yield start
    for serving in open_ones:
        serving.stop()


def stub_reply(status: int) -> Any:
    from tests.runtime.stub import Reply

    return Reply(status=status)
