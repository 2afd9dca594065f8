"""A rollout by commits: Argo CD's part is played by a loop that applies, prunes and heals; the cluster is real."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import other
from mooring.state.place.location import locate
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.syncing.target import Synced, kubernetes
from tests.cluster.router import Router
from tests.targets.house import loaded
from tests.targets.kubernetes.house import VARIABLE, KubernetesHouse, Place
from tests.targets.kubernetes.syncing.syncer import Syncer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WAIT = 60


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("remote") / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", path], check=True)
    return path


@pytest.fixture(scope="module")
def build(release: Callable[..., Release], place: Place) -> Callable[[str], Release]:
    def make(name: str, wait: float = WAIT) -> Release:
        git = {"branch": "deploy", "folder": "clusters", "remote": "origin", "waitSeconds": wait}
        # Beside two processes for each pod, the loop that syncs takes its share of a small machine.
        return release(name, **{**place.values(apply={"git": git}), "environment.rollout.deadlineSeconds": 240})

    return make


@pytest.fixture(scope="module")
def root(remote: Path, place: Place) -> Path:
    git(place.folder, "init", "-q", ".")
    git(place.folder, "remote", "add", "origin", str(remote))
    os.environ[VARIABLE] = place.url
    os.environ["KUBECONFIG"] = str(place.plane.kubeconfig)
    return place.folder


@pytest.fixture(scope="module")
def syncer(remote: Path, root: Path, place: Place, build: Callable[[str], Release]) -> Iterator[Syncer]:
    name = build("one").content.environment.name
    with Syncer(remote, "deploy", f"clusters/{name}", name, place.namespace) as running:
        yield running


@pytest.fixture(scope="module")
def house(root: Path, syncer: Syncer, place: Place, build: Callable[[str], Release]) -> Iterator[KubernetesHouse]:
    first = build("one")
    environment = first.content.environment
    state = root / "state"
    target = kubernetes(root, environment, state)
    assert isinstance(target, Synced)
    target.ensure()
    target.put(first)
    made = KubernetesHouse(target, Ledger(locate(root, environment, state)), place=place)
    made.router = Router(place.plane, place.namespace, environment.name).__enter__()
    made.deploy(first)
    yield made
    made.close()


def subjects(remote: Path) -> list[str]:
    return git(remote, "log", "--format=%s", "--reverse", "deploy").splitlines()


def test_each_step_is_a_commit_that_says_what_it_is_for(
    house: KubernetesHouse, remote: Path, build: Callable[[str], Release], syncer: Syncer
) -> None:
    before, live = len(subjects(remote)), house.live
    release = build("two")
    receipts: list[Any] = []
    # Few clients: the loop that syncs, those who ask and whoever probes pods have one interpreter here, and a probe
    # that comes too late takes a pod out of the Service. `test_conformance` has the load.
    load = loaded(house, lambda: receipts.append(house.deploy(release)), clients=4)
    assert house.live == other(live)
    assert house.router
    assert (load.errors[:5], [receipt.lost for receipt in receipts]) == ([], [0]), house.router.updates[-9:]
    assert load.answers
    said = subjects(remote)[before:]
    short = names.short(release.digest)[:12]
    assert f"{house.name}: stage {short} in {house.live}" in said
    assert f"{house.name}: traffic goes to {short} in {house.live}" in said
    body = git(remote, "log", "-1", "--format=%b", f"--grep=traffic goes to {short}", "deploy")
    assert f"Mooring-Live: {house.live}" in body
    assert f"Mooring-{house.live.title()}: {release.digest}" in body
    assert syncer.wrong == []


def test_a_rollback_is_a_commit_of_the_pointer_and_sync_does_not_take_it_back(
    house: KubernetesHouse, remote: Path, syncer: Syncer
) -> None:
    live = house.live
    house.rollback()
    assert house.live == other(live)
    time.sleep(2)  # several rounds of the loop that heals
    assert house.live == other(live)
    service = yaml.safe_load(git(remote, "show", f"deploy:clusters/{house.name}/service-{house.name}.yaml"))
    assert service["spec"]["selector"][names.SLOT] == house.live


def test_an_edit_by_hand_is_healed_by_whoever_syncs(house: KubernetesHouse) -> None:
    live = house.live
    moved = house.target.api.get("Service", house.name)
    assert moved
    from mooring.targets.kubernetes.api import Api

    direct = Api(None, house.at.namespace)
    selector = {**moved["spec"]["selector"], names.SLOT: other(live)}
    head = {"name": house.name, "namespace": house.at.namespace}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": head, "spec": {"selector": selector}}
    direct.apply(body, "kubectl-edit", force=True)
    house.until(lambda: house.live == live)
    direct.close()


def test_nothing_secret_is_in_the_branch(house: KubernetesHouse, remote: Path) -> None:
    token = house.target.api.get("Secret", names.admin(house.name))
    assert token
    everything = git(remote, "log", "-p", "deploy")
    assert token["data"]["token"] not in everything
    assert house.at.url not in everything
    assert "kind: Secret\n" not in everything


def test_an_older_token_is_refused_by_the_branch_alone(house: KubernetesHouse, remote: Path) -> None:
    token = house.target.facts().token
    house.target.fence(token + 5)
    head = git(remote, "rev-parse", "deploy")
    with pytest.raises(Refused) as refused:
        house.target.fence(token + 4)
    assert refused.value.reason is Reason.FENCED
    assert git(remote, "rev-parse", "deploy") == head


def test_where_nobody_syncs_that_is_said(
    house: KubernetesHouse, root: Path, remote: Path, build: Callable[..., Release]
) -> None:
    release: Any = build("three", 2)
    environment = release.content.environment.model_copy(update={"name": "elsewhere"})
    target = kubernetes(root, environment, root / "elsewhere")
    with pytest.raises(Failed, match=r"commit \w{12} on deploy was not carried out in 2 s") as failed:
        target.ensure()
    assert failed.value.reason is Reason.DEADLINE
    assert "Argo CD or Flux" in failed.value.fix
