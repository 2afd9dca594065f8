"""Schemathesis reads the description, tests every operation against a server, and finds nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.door.table import ENDPOINTS
from tests.runtime.door.access.conftest import with_access
from tests.runtime.door.conftest import Door

CONFIG = Path(__file__).parent / "schemathesis.toml"
EXAMPLES = 10
"""For each operation, beside those that cover its parameters."""

UNREACHED = {("GET", "/tickets/{id}")}
"""Operations without a good answer here: a ticket is what an agent with checkpoints gives."""


class Witness:
    """Notes which operations were answered well."""

    def __init__(self, app: Any) -> None:
        self.app, self.state = app, app.state
        self.well: set[tuple[str, str]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                for route in self.app.routes:
                    assert isinstance(route, Route)
                    if route.path_regex.match(scope["path"]) and scope["method"] in (route.methods or ()):
                        self.well.add((scope["method"], route.path))
                        break
            await send(message)

        await self.app(scope, receive, noted if scope["type"] == "http" else send)


KEY = "a-key-of-the-shop-0123456789"
ACCESS = {"keys": [{"name": "tester", "tenant": "shop", "secretRef": "env:KEY", "role": "approver"}]}
OPERATORS = {("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/healthz/{path:path}")}
"""Operations without a good answer for who is no operator."""


@pytest.fixture(params=["open", "secured"])
def secured(request: pytest.FixtureRequest) -> bool:
    return str(request.param) == "secured"


@pytest.fixture
def door(build: Any, stub: Any, tmp_path: Path, secured: bool) -> Iterator[Door]:
    release = with_access(build(), ACCESS) if secured else build()
    app = Witness(create_app(release, Settings("blue", tmp_path / "state", stub.url, {"KEY": KEY})))
    door = Door(app, 512)
    yield door
    door.close()


def things(url: str, stub: Any, reply: Any) -> list[str]:
    """Ids of what there is to be found: runs that wait and that have ended, responses and conversations."""
    ids = []
    with httpx2.Client(base_url=url, timeout=20, headers={"authorization": f"Bearer {KEY}"}) as http:
        stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 5})))
        stub.script("shop", reply(body={}))
        ids += [http.post("/agents/support/runs?wait=true", json={"message": "x"}).json()["id"] for _ in range(8)]
        stub.script("primary-1", reply("hello"))
        for name in "abc":
            made = http.post("/v1/responses", json={"model": "support", "input": "x", "conversation": name}).json()
            ids += [name, made["id"], made["mooring"]["run"]]
    return ids


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_schemathesis_finds_nothing(door: Door, stub: Any, reply: Any, tmp_path: Path, secured: bool) -> None:
    url = "http://{}:{}".format(*door.address)
    config = tmp_path / "schemathesis.toml"
    ids = ", ".join(f'"{each}"' for each in things(url, stub, reply))
    config.write_text(f"{CONFIG.read_text()}\n[dictionaries.ids]\nvalues = [{ids}]\n")
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [program, "--config-file", str(config), "run", f"{url}/openapi.json", "--checks", "all"]
    command += ["--include-path-regex", "^/", "--max-examples", str(EXAMPLES), "--no-color"]
    command += ["--header", f"Authorization: Bearer {KEY}"] * secured
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:]
    unreached = UNREACHED | (OPERATORS if secured else set())
    assert {(each.method, each.path) for each in ENDPOINTS} - door.app.well == unreached
    assert f"Tested: {len(ENDPOINTS)}" in done.stdout
