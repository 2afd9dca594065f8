"""Where no adapter offers requests in flight, processor time alone counts; without any metrics, `status` says so."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from mooring.targets.kubernetes import names
from tests.cluster.metrics import PROCESSOR, REQUESTS, scaler
from tests.targets.kubernetes.house import KubernetesHouse, Place
from tests.targets.kubernetes.scaled import load, lost, metrics, opened, pods

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LEAST, MOST = 2, 4


@pytest.fixture(scope="module")
def release(release: Any, place: Place) -> Any:
    """Of a slot whose pods are to answer one request each, which nobody counts here."""
    scaling = {"most": MOST, "in_flight": 1, "cpu": 0.7}
    resources = {"cpu": "100m", "memory": "64Mi"}
    return partial(release, **place.values(autoscaling=scaling, replicas=LEAST, resources=resources))


@pytest.fixture(scope="module")
def house(place: Place, release: Any) -> Iterator[KubernetesHouse]:
    house = opened(place, release, None)
    yield house
    house.close()


def spec(house: KubernetesHouse) -> list[str]:
    found = scaler(house.at.plane, house.at.namespace, names.deployment(house.name, house.live))
    return [one["type"] for one in found["spec"]["metrics"]]


def test_without_any_metrics_status_says_that_no_pods_are_added(house: KubernetesHouse) -> None:
    def said() -> str:
        facts = house.target.facts()
        assert facts.live
        assert facts.slots[facts.live.slot].ready
        return " ".join(facts.slots[facts.live.slot].reasons)

    assert "no pods are added under load" in house.until(said, 60)


def test_a_slot_grows_and_shrinks_with_processor_time(house: KubernetesHouse, place: Place) -> None:
    assert spec(house) == ["Resource"]
    with metrics(place, PROCESSOR) as found:
        with load(house, 16, sleep=0):
            house.until(lambda: pods(house, house.live) > LEAST, 90)
        assert found.asked[PROCESSOR] > 0
        house.until(lambda: pods(house, house.live) == LEAST, 120)
    assert lost(house) == 0


def test_an_adapter_that_came_later_counts_from_the_next_deployment_on(
    house: KubernetesHouse, place: Place, release: Any
) -> None:
    with metrics(place, PROCESSOR, REQUESTS):
        house.deploy(release("two"))
        assert spec(house) == ["Pods", "Resource"]
