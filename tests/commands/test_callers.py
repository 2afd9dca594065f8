"""From documents to callers with keys, over TLS: what a team does before it opens an environment."""

import re
import time
from pathlib import Path

import pytest

from tests.runtime.door.access.test_clients import certificate

pytestmark = pytest.mark.slow


def test_an_environment_with_keys_and_tls_is_deployed_talked_to_and_closed_again(repo, moor, monkeypatch, tmp_path):
    monkeypatch.chdir(repo.root)
    monkeypatch.delenv("MOORING_KEY", raising=False)
    tls = certificate(tmp_path)
    document = Path("configs/environments/local.yaml")
    access = "access: {tenants: [{name: shop, limits: {requestsPerMinute: 100}}]}\n"
    serving = f"serving: {{tls: {{certificate: '{tls.certificate}', key: '{tls.key}'}}}}\n"
    document.write_text(document.read_text() + access + serving)
    repo.commit("callers need keys")
    try:
        began = moor("up", "--json")
        assert began.code == 0, began.err
        assert began.json["url"].startswith("https://")
        assert began.json["answer"]["text"]

        closed = moor("talk", "support", "--message", "What can you do?")
        assert closed.code == 1
        assert "bearer token" in closed.error

        key = moor("keys", "create", "local", "site", "--tenant", "shop").out.strip()
        monkeypatch.setenv("MOORING_KEY", key)
        time.sleep(1)  # within which a new key is in force
        said = moor("talk", "support", "--message", "What can you do?", "--new")
        assert said.code == 0, said.err
        assert "orders" in said.out
        assert key not in said.out + said.err
        end = time.monotonic() + 5
        while not re.search(r"^shop +support +\d+ ", moor("status", "local").out, re.MULTILINE):
            assert time.monotonic() < end

        assert moor("keys", "revoke", "local", "site").code == 0
        time.sleep(1)
        assert moor("talk", "support", "--message", "What can you do?", "--new").code == 1
    finally:
        moor("down", "local")
