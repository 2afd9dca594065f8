"""The copy of the documents leads to nothing that is real."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.operate.exercises.documents import SHORT_BAKE_SECONDS, bake_seconds, copied, edit, release_of, variant
from tests.repository import CONTENT

REAL: dict[str, Any] = {
    "endpoints": "real",
    "services": {"shop": "https://shop.example", "oncall": "simulated", "runbooks": "simulated"},
    "database": {"secretRef": "env:STATE_URL"},
    "export": "export",
    "access": {"keys": [{"secretRef": "env:KEY", "name": "one", "role": "caller"}]},
    "target": {"type": "local", "listen": "0.0.0.0:443", "monitor": "0.0.0.0:9000"},
    "serving": {"workers": 2, "tls": {"certificate": "file:/c", "key": "file:/k"}},
}


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A repository whose production is real."""
    root = tmp_path / "real"
    copied(CONTENT, "local", root)
    edit(root, "local", lambda said: {**said, **REAL, "rollout": {**said["rollout"], "bakeSeconds": 60, "proofs": {}}})
    return root


def test_a_copy_of_a_real_environment_touches_nothing_of_it(real: Path, tmp_path: Path) -> None:
    before = (real / "configs/environments/local.yaml").read_bytes()
    assert bake_seconds(copied(real, "local", tmp_path / "copy")) == 60
    environment = release_of(tmp_path / "copy", "local").content.environment
    assert (environment.endpoints, set(environment.services.values())) == ("simulated", {"simulated"})
    assert (environment.database, environment.export, environment.access, environment.serving.tls) == (None,) * 4
    assert environment.target.sockets["listen"] == "127.0.0.1:0"
    assert environment.target.sockets["monitor"] is None
    assert (environment.serving.workers, environment.rollout.bake_seconds) == (2, SHORT_BAKE_SECONDS)
    assert (real / "configs/environments/local.yaml").read_bytes() == before


def test_what_is_not_the_environments_stays_as_it_is(tmp_path: Path) -> None:
    copied(CONTENT, "staging", tmp_path)
    for agent in (CONTENT / "configs/agents").iterdir():
        assert (tmp_path / "configs/agents" / agent.name).read_bytes() == agent.read_bytes()
    local = yaml.safe_load((tmp_path / "configs/environments/local.yaml").read_text())
    assert local["target"]["listen"] != "127.0.0.1:0"


def test_a_variant_is_another_release_with_the_same_agents(tmp_path: Path) -> None:
    copied(CONTENT, "local", tmp_path)
    release = release_of(tmp_path, "local")
    other = variant(release, "Another.", bakeSeconds=9)
    assert other.digest != release.digest
    assert other.content.agents == release.content.agents
    assert other.content.environment.rollout.bake_seconds == 9
