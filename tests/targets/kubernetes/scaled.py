"""Environments that grow and shrink with load, and what the cluster's own autoscaler is told of them."""

import asyncio
import base64
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from lightkube.resources.core_v1 import Secret

from mooring.targets.kubernetes import look, names
from tests.cluster.metrics import Metrics, scaler
from tests.targets.house import Load
from tests.targets.kubernetes.house import KubernetesHouse, Place, open_house


@contextmanager
def metrics(place: Place, *groups: str) -> Iterator[Metrics]:
    with Metrics(place.plane, place.nodes, place.namespace, groups) as found:
        yield found


def opened(place: Place, release: Any, found: Metrics | None) -> KubernetesHouse:
    """An environment in which `one` is live."""
    house = open_house(place, release("one"))
    if found:
        secret = place.plane.client.get(Secret, names.admin(house.name), namespace=place.namespace)
        found.token = base64.b64decode((secret.data or {})["token"]).decode()
    house.deploy(release("one"))
    return house


@contextmanager
def load(house: KubernetesHouse, clients: int, sleep: float = 0.5) -> Iterator[Load]:
    """So many requests under way at any time; none may be lost."""
    made = Load(house.url, clients=clients, sleep=sleep)
    with ThreadPoolExecutor(1) as pool:
        running: Future[None] = pool.submit(asyncio.run, made.run())
        try:
            yield made
        finally:
            made.stopped = True
        running.result()
    assert made.answers
    assert not made.errors, made.errors[:5]
    assert house.refused == 0


def pods(house: KubernetesHouse, slot: str) -> int:
    """Those of a slot that are ready and stay."""
    return len(look.see(house.target.api, house.name).ready(slot))


def minimum(house: KubernetesHouse, slot: str) -> int:
    found = scaler(house.at.plane, house.at.namespace, names.deployment(house.name, slot))
    return int(found["spec"]["minReplicas"])


def lost(house: KubernetesHouse) -> int:
    return house.target.facts().counts()["lost"]
