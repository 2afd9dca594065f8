"""Slots grow and shrink with load, by the cluster's own autoscaler; deployments take over as many pods."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from mooring.rollout.state import other
from mooring.targets.kubernetes import names, standby
from tests.cluster.metrics import PROCESSOR, REQUESTS, scaler
from tests.targets.kubernetes.house import KubernetesHouse, Place
from tests.targets.kubernetes.scaled import load, lost, metrics, minimum, opened, pods

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LEAST, MOST, EACH, CLIENTS = 2, 5, 4, 16
GROWN = CLIENTS // EACH


@pytest.fixture(scope="module")
def release(release: Any, place: Place) -> Any:
    """Of a slot that has a pod for each EACH requests, and one that stands by with one pod."""
    scaling = {"most": MOST, "in_flight": EACH, "cpu": 1}
    values = place.values(autoscaling=scaling, replicas=LEAST, resources={"cpu": "2", "memory": "64Mi"})
    return partial(release, **values, **{"environment.rollout.warm": {"replicas": 1}})


@pytest.fixture(scope="module")
def house(place: Place, release: Any) -> Iterator[KubernetesHouse]:
    with metrics(place, PROCESSOR, REQUESTS) as found:
        house = opened(place, release, found)
        yield house
        house.close()


def grown(house: KubernetesHouse) -> None:
    house.until(lambda: pods(house, house.live) >= GROWN, 90)


def over(house: KubernetesHouse, work: Callable[[], Any]) -> tuple[Any, int]:
    """What some work returns, and the fewest pods that could be reached meanwhile."""
    router = house.router
    assert router
    before = len(router.updates)
    result = work()
    return result, min(len(update.endpoints) for update in router.updates[before - 1 :])


def test_a_slot_grows_with_the_requests_under_way_and_that_is_no_drift(house: KubernetesHouse) -> None:
    assert pods(house, house.live) == LEAST
    begun = time.monotonic()
    with load(house, CLIENTS):
        grown(house)
        print(f"{LEAST} pods became {GROWN} in {time.monotonic() - begun:.1f} s")
        slot = house.whole()
        assert GROWN <= len(slot.workers) <= MOST
        assert house.target.edits() == []
        facts = house.target.facts()
        assert facts.live
        assert facts.slots[facts.live.slot].ready
        answered = {worker.pod: worker.in_flight for worker in slot.workers}
        assert sum(answered.values()) <= CLIENTS
    assert lost(house) == 0


def test_a_deployment_and_a_rollback_at_the_peak_take_over_as_many_pods(house: KubernetesHouse, release: Any) -> None:
    with load(house, CLIENTS):
        grown(house)
        for work in (lambda: house.deploy(release("two")), house.rollback):
            before = house.live
            receipt, fewest = over(house, work)
            assert (house.live, receipt.lost) == (other(before), 0)
            assert fewest >= GROWN
            house.until(lambda before=before: pods(house, before) == 1, 60)  # type: ignore[misc]
            assert minimum(house, before) == 1
            assert minimum(house, house.live) >= GROWN  # until load is measured where it is now
            assert standby.release_minimum(house.target) is None
            assert standby.release_minimum(house.target, time.time() + house.target.SETTLE) == house.live
            assert minimum(house, house.live) == LEAST
            assert house.target.edits() == []
            grown(house)
    assert lost(house) == 0


def test_applying_everything_again_at_the_peak_takes_no_pods_away(house: KubernetesHouse) -> None:
    with load(house, CLIENTS):
        grown(house)

        def work() -> None:
            house.target.reapply()
            time.sleep(3)

        _, fewest = over(house, work)
        assert fewest >= GROWN


def test_when_load_goes_pods_go_and_what_they_are_answering_is_answered(house: KubernetesHouse) -> None:
    with load(house, CLIENTS):
        grown(house)
    with load(house, clients=4, sleep=9.0) as slow:
        house.until(lambda: pods(house, house.live) == LEAST, 90)
        begun = len(slow.answers)
        house.until(lambda: len(slow.answers) >= begun + 4, 60)
    assert lost(house) == 0


def test_both_the_requests_and_processor_time_count_where_an_adapter_is_there(house: KubernetesHouse) -> None:
    found = scaler(house.at.plane, house.at.namespace, names.deployment(house.name, house.live))
    assert [one["type"] for one in found["spec"]["metrics"]] == ["Pods", "Resource"]
    assert [one["type"] for one in found["status"]["currentMetrics"]] == ["Pods", "Resource"]


def test_a_minimum_that_a_rollout_left_goes_when_its_keeper_looks(house: KubernetesHouse) -> None:
    live = house.target.facts().live
    assert live
    house.target._autoscale(live, MOST, idle=False)
    assert minimum(house, live.slot) == MOST
    later = time.time() + house.target.SETTLE
    assert standby.release_minimum(house.target, later) == live.slot
    assert minimum(house, live.slot) == LEAST
    assert standby.release_minimum(house.target, later) is None


def test_what_was_stopped_at_the_peak_comes_back_with_its_autoscaler(house: KubernetesHouse) -> None:
    assert house.target.down()
    house.target.ensure()
    assert (minimum(house, house.live), pods(house, house.live)) == (LEAST, LEAST)


def test_a_release_without_autoscaling_takes_the_autoscaler_away(
    house: KubernetesHouse, release: Any, place: Place
) -> None:
    values = place.values(replicas=LEAST, resources={"cpu": "2", "memory": "64Mi"})
    house.deploy(release("fixed", **values))
    assert scaler(place.plane, place.namespace, names.deployment(house.name, house.live)) == {}
