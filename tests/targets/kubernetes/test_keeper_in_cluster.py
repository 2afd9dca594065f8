"""The keeper in its own pod, with the token of its own account: what it does, and that it may do nothing else."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.hotfix import hotfix
from mooring.rollout.patches import Patch
from mooring.rollout.state import Phase
from mooring.targets.kubernetes import look, names
from mooring.targets.kubernetes.api import Api
from mooring.targets.kubernetes.kept import Kept
from mooring.targets.kubernetes.manifests.access import GRANTS
from mooring.targets.kubernetes.trouble import trouble
from tests.cluster import account
from tests.cluster.control_plane import ControlPlane
from tests.postgres import Cluster
from tests.repository import until
from tests.targets.kubernetes import house as houses
from tests.targets.kubernetes.house import KubernetesHouse, Place, open_house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Make = Callable[..., Release]


class Killed(BaseException):
    """Ends a deployment where it stands; it is no error that anybody handles."""


@pytest.fixture(scope="module")
def place(control_plane: ControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Its pods are light, its keeper is the real one."""
    folder = tmp_path_factory.mktemp("cluster")
    with houses.opened(control_plane, cluster.fresh(), folder, keeps=True) as found:
        yield found


@pytest.fixture(scope="module")
def make(release: Make, place: Place) -> Make:
    def made(name: str, **values: Any) -> Release:
        # The context is of whoever deploys, and no pod has it.
        target = place.values(replicas=1, autoscaling={"most": 3}, context=account.CONTEXT)
        return release(name, **{**target, "environment.rollout.warm.hours": 0.001, **values})

    return made


@pytest.fixture(scope="module")
def house(place: Place, make: Make) -> Iterator[KubernetesHouse]:
    """`one` is live in blue, and its keeper is at work; green was never used."""
    found = open_house(place, make("one"))
    found.deploy(make("one"))
    until(lambda: "this is the keeper" in said(found), 90)
    yield found
    found.close()


@pytest.fixture
def kept(house: KubernetesHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """The target with the keeper's token, as the door of chat beside it has it."""
    monkeypatch.setenv(names.ADMIN_TOKEN, house.target.doors.token())
    file = house.at.plane.service_account(house.at.namespace, names.keeper(house.name))
    monkeypatch.setenv("KUBECONFIG", str(file))
    made = Kept(house.target.root, house.target._environment, house.target.state)
    yield made
    made.api.close()


def said(house: KubernetesHouse) -> str:
    return "\n".join(house.target.logs("keeper", 500))


def left(house: KubernetesHouse, release: Release, when: Callable[[str], bool]) -> None:
    """A deployment that is killed as soon as it says something."""

    def killed(line: str) -> None:
        if when(line):
            raise Killed

    house.target.put(release)
    with suppress(Killed):
        driver.deploy(house.target, house.ledger, driver.Request(release, "ann"), killed)


def idle(house: KubernetesHouse) -> bool:
    return house.ledger.state(house.name).phase is Phase.IDLE


def test_what_was_left_before_its_switch_is_undone_and_its_slot_is_empty_again(
    house: KubernetesHouse, make: Make
) -> None:
    left(house, make("two"), lambda line: "is ready after" in line)
    until(lambda: idle(house) and "recovered: " in said(house), 120)
    assert "a rollout was left half-done; recovering" in said(house)
    seen = look.see(house.target.api, house.name)
    assert seen.slot == "blue"
    assert seen.digest("green") is None
    assert "was left as it is" not in said(house)


def test_what_was_left_while_it_was_watched_is_finished_and_the_standby_ends_in_time(
    house: KubernetesHouse, make: Make
) -> None:
    two = make("two")
    left(house, two, lambda _line: house.ledger.state(house.name).phase is Phase.BAKING)
    until(lambda: idle(house) and house.live == "green", 120)
    assert house.target.facts().live.digest == two.digest  # type: ignore[union-attr]
    until(lambda: look.see(house.target.api, house.name).wanted("blue") == 0, 120)
    until(lambda: "was warm long enough and has no pods any more" in said(house), 30)
    assert house.target.api.get("HorizontalPodAutoscaler", names.deployment(house.name, "blue")) is None
    house.ledger.verify()


def test_whoever_chats_goes_back_to_a_standby_without_pods_restarts_it_and_reads_its_log(
    house: KubernetesHouse, kept: Kept
) -> None:
    receipt = driver.rollback(kept, house.ledger, "bob", lambda _line: None)
    assert (receipt.slot, receipt.lost) == ("blue", 0)
    assert kept.restart() == "blue"
    until(lambda: kept.facts().slots["blue"].ready and len(house.pods("blue")) == 1, 120)
    assert kept.logs("blue")
    assert trouble(kept.api, house.name, "blue", names.short(receipt.digest)) == []  # as where a pod is late


def test_of_two_hotfixes_the_one_that_is_over_is_taken_back_and_the_other_stays(house: KubernetesHouse) -> None:
    now = time.time()
    for path, seconds in (("options.temperature", 60.0), ("options.topP", 3600.0)):
        values = {path: 0.5}
        patch = Patch("model", "openai/gpt-4-1", values, "ann", "it repeats itself", now, now + seconds)
        hotfix(house.target, house.ledger, patch, lambda _line: None)

    def patches() -> list[dict[str, Any]]:
        found = house.ledger.state(house.name).hotfix
        return [patch.values for patch in found.patches] if found else []

    assert len(patches()) == 2
    # What is left was never live before: the keeper makes a release of it, and stages that.
    until(lambda: patches() == [{"options.topP": 0.5}] and idle(house), 180)
    assert "the time of a hotfix is over; going back" in said(house)


def test_pods_of_slots_can_ask_the_api_server_nothing(house: KubernetesHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    (pod,) = house.pods(house.live)
    (pid,) = [pid for node in house.at.nodes for pid in node.pids(house.at.namespace, pod)]
    assert not Path(f"/proc/{pid}/root{account.FOLDER}").exists()
    assert "KUBECONFIG" not in Path(f"/proc/{pid}/environ").read_text()
    # Nor could it with the token that it does not have.
    monkeypatch.setenv("KUBECONFIG", str(house.at.plane.service_account(house.at.namespace, house.name)))
    api = Api(None, house.at.namespace)
    for kind in ("Secret", "ConfigMap", "Pod", "Deployment", "Service", "Role"):
        with pytest.raises(Refused, match="does not allow that"):
            api.list(kind)
    api.close()


def test_the_keeper_is_granted_what_it_asked_for_above_and_nothing_else(house: KubernetesHouse) -> None:
    asked = house.at.plane.asked(house.at.namespace, names.keeper(house.name))
    assert [one for one in asked if not one.allowed] == []
    # Which API groups there are, everybody may ask.
    used = {(one.group, one.resource, one.verb) for one in asked if not one.resource.startswith("/apis/")}
    granted = {(grant.group, grant.resource, verb) for grant in GRANTS for verb in grant.verbs}
    assert used == granted
