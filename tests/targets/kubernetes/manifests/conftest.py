"""A release that runs in a cluster and uses everything that can be said about one."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.release.content import ReleaseContent

TARGET = {
    "type": "kubernetes",
    "cluster": "1ad52c04-9ef1-4d0c-8f6a-3a1a4ca7a2d5",
    "namespace": "agents",
    "image": f"ghcr.io/acme/agents@sha256:{'5e' * 32}",
    "replicas": 3,
}
DIGEST = f"sha256:{'ab' * 32}"

Make = Callable[..., ReleaseContent]


@pytest.fixture(scope="session")
def made(edit: Callable[[dict[str, Any]], ReleaseContent]) -> Make:
    """A release of the environment `production`; keyword arguments are keys of its target."""

    def make(changes: dict[str, Any] | None = None, **target: Any) -> ReleaseContent:
        given = {
            "environment.name": "production",
            "environment.target": {**TARGET, **target},
            "environment.endpoints": "real",
            "environment.database": {"secret_ref": "env:DATABASE_URL"},
            "environment.access": {
                "tenants": [{"name": "website"}],
                "keys": [{"name": "shop", "tenant": "website", "secret_ref": "env:SHOP_KEY"}],
            },
        }
        return edit({**given, **(changes or {})})

    return make
