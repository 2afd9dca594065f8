"""The copy of the documents leads to nothing that is real."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.operate.exercises.documents import (
    SHORT_BAKE_SECONDS,
    bake_seconds,
    copied,
    edit,
    in_cluster,
    release_of,
    variant,
)
from mooring.operate.exercises.table import beside
from mooring.spec.target import KubernetesTarget
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


CLUSTER = {
    "type": "kubernetes",
    "cluster": "335be600-add3-458d-a928-4d7cc2c5e492",
    "namespace": "shop",
    "image": "registry.test/mooring",
    "replicas": 3,
    "url": "https://agents.example",
    "autoscaling": {"most": 9},
}


def test_a_copy_in_a_cluster_has_another_name_and_all_that_is_outside_is_simulated(real: Path, tmp_path: Path) -> None:
    edit(real, "local", lambda said: {**said, "target": CLUSTER})
    in_cluster(real, "local", tmp_path / "copy", "local-drill")
    environment = release_of(tmp_path / "copy", "local-drill").content.environment
    target = environment.target
    assert isinstance(target, KubernetesTarget)
    assert (target.namespace, target.replicas, target.url, target.autoscaling) == ("shop", 3, None, None)
    assert (environment.endpoints, set(environment.services.values())) == ("simulated", {"simulated"})
    assert (environment.export, environment.access, environment.chat) == (None,) * 3
    assert environment.database
    assert environment.database.secret_ref == "env:STATE_URL"


def test_only_pods_that_are_changed_directly_are_drilled_in_their_cluster(tmp_path: Path) -> None:
    copied(CONTENT, "local", tmp_path)
    for apply, there in (("direct", True), ({"git": {}}, False)):
        edit(tmp_path, "local", lambda said, apply=apply: {**said, "target": {**CLUSTER, "apply": apply}})  # type: ignore[misc]
        environment = release_of(tmp_path, "local").content.environment
        assert (beside("crash", environment), beside("slots", environment)) == (there, False)
    assert not beside("crash", release_of(CONTENT, "local").content.environment)
