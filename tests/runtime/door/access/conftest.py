"""The app of a release that declares access, with keys in its file."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mooring.release.release import Release
from mooring.runtime.core.keys import Keys, StoredKey, new_key
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.memory import known_keys
from mooring.spec import Environment
from mooring.state.engine.engine import url_of
from mooring.state.transactions import Transactions
from tests.runtime.hosting import Serving

TENANTS = [{"name": "shop"}, {"name": "bank"}]


@dataclass
class Gated:
    """A server that asks for keys, and the database that these are in."""

    serving: Serving
    keys: Keys

    def key(self, tenant: str | None = "shop", **more: Any) -> str:
        """A new key of a tenant, in force."""
        secret, number, hashed = new_key()
        facts = {"name": f"key-{number}", "role": "caller", "created": time.time()} | more
        made = StoredKey.model_validate({"id": number, "tenant": tenant, "hash": hashed} | facts)
        self.keys.change(lambda keys: [*keys, made])
        time.sleep(known_keys.LOOK_SECONDS + 0.1)
        return secret

    def get(self, path: str, key: str = "", **more: Any) -> httpx2.Response:
        return self.serving.http.get(path, headers=bearer(key), **more)

    def post(self, path: str, key: str = "", body: Any = None) -> httpx2.Response:
        return self.serving.http.post(path, headers=bearer(key), json=body or {})

    def chat(self, key: str = "", text: str = "hi", **more: Any) -> httpx2.Response:
        return self.serving.chat(text, headers=bearer(key), **more)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def with_access(release: Release, access: dict[str, Any], serving: dict[str, Any] | None = None) -> Release:
    """The release, with its environment's access and changes of how it is served."""
    data = release.content.environment.model_dump(mode="json")
    data |= {"access": {"tenants": TENANTS} | access}
    data["serving"] |= serving or {}
    return Release.of(release.content.model_copy(update={"environment": Environment.model_validate(data)}))


def keys_of(state: Path) -> Keys:
    """The keys of the environment whose state folder this is."""
    return Keys(Transactions(url_of(state, None), state), state)


Open = Callable[..., Gated]


@pytest.fixture
def gated(stub: Any, build: Callable[..., Release], tmp_path: Path) -> Iterator[Open]:
    """Serves a release with access; `environ` and `slot` are the process's, other arguments the profile's."""
    opened: list[Serving] = []

    def start(
        access: dict[str, Any] | None = None,
        serving: dict[str, Any] | None = None,
        environ: dict[str, str] | None = None,
        slot: str = "blue",
        **profile: Any,
    ) -> Gated:
        release = with_access(build(**profile), access or {}, serving)
        state = tmp_path / "state"
        served = Serving(create_app(release, Settings(slot, state, stub.url, environ or {})))
        opened.append(served)
        return Gated(served.start(), keys_of(state))

    yield start
    for one in opened:
        one.stop()
