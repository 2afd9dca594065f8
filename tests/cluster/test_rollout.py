"""Deployments roll out to processes that serve, and traffic follows the EndpointSlices of a Service."""

import asyncio
import time

import httpx2
import pytest
from lightkube.resources.apps_v1 import Deployment

from tests.cluster import sample
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.node import Node
from tests.cluster.router import Router
from tests.repository import until


@pytest.fixture(autouse=True)
def server(images: dict[str, Image]) -> None:
    images[sample.IMAGE] = sample.SERVER


def test_a_deployment_of_two_is_ready_soon_and_stays_ready(control_plane: ControlPlane, namespace: str) -> None:
    client, began = control_plane.client, time.monotonic()
    sample.deploy(client, namespace, "blue")
    sample.await_ready(client, namespace, "blue")
    assert sample.elapsed(began) < 10
    until(lambda: client.get(Deployment, "blue", namespace=namespace).to_dict()["status"].get("availableReplicas") == 2)
    time.sleep(2)
    assert [sample.server_state(pod)["restartCount"] for pod in sample.ready(client, namespace, "blue")] == [0, 0]


def test_a_service_leads_to_each_of_its_pods(control_plane: ControlPlane, namespace: str) -> None:
    client = control_plane.client
    sample.deploy(client, namespace, "blue")
    sample.serve(client, namespace, "web", "blue")
    names = {pod["metadata"]["name"] for pod in sample.await_ready(client, namespace, "blue")}
    with Router(control_plane, namespace, "web") as router:
        until(lambda: len(router.endpoints) == 2)
        assert {sample.answer(router.url)["pod"] for _ in range(40)} == names == {end.pod for end in router.endpoints}


def test_a_switch_of_the_selector_moves_new_connections_and_leaves_open_ones(
    control_plane: ControlPlane, namespace: str
) -> None:
    client = control_plane.client
    for slot in ("blue", "green"):
        sample.deploy(client, namespace, slot, replicas=1)
    sample.serve(client, namespace, "web", "blue")
    (blue,), (green,) = (sample.await_ready(client, namespace, slot, 1) for slot in ("blue", "green"))
    with Router(control_plane, namespace, "web") as router, httpx2.Client(base_url=router.url) as kept:
        until(lambda: router.endpoints)
        assert kept.get("/").json()["pod"] == blue["metadata"]["name"]
        sample.serve(client, namespace, "web", "green")
        until(lambda: {end.pod for end in router.endpoints} == {green["metadata"]["name"]}, pause=0.01)
        assert sample.answer(router.url)["pod"] == green["metadata"]["name"]
        assert kept.get("/").json()["pod"] == blue["metadata"]["name"]
        assert (router.forwarded, router.refused) == (2, 0)


def test_a_selector_that_selects_nothing_empties_the_endpoints(control_plane: ControlPlane, namespace: str) -> None:
    client = control_plane.client
    sample.deploy(client, namespace, "blue", replicas=1)
    sample.serve(client, namespace, "web", "blue")
    sample.await_ready(client, namespace, "blue", 1)
    with Router(control_plane, namespace, "web") as router:
        until(lambda: router.endpoints)
        began = time.monotonic()
        sample.serve(client, namespace, "web", "nothing")
        until(lambda: not router.endpoints, pause=0.01)
        assert 0 < router.updates[-1].at - began < 5
        with pytest.raises(httpx2.TransportError):
            sample.answer(router.url)
        assert router.refused == 1


def test_a_pod_that_is_not_ready_gets_no_traffic(control_plane: ControlPlane, namespace: str) -> None:
    client = control_plane.client
    probe = {"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
    sample.deploy(client, namespace, "blue", spec=sample.pod_spec({"readinessProbe": probe}))
    sample.serve(client, namespace, "web", "blue")
    sample.await_ready(client, namespace, "blue")
    with Router(control_plane, namespace, "web") as router:
        until(lambda: len(router.endpoints) == 2)
        broken = sample.answer(router.url, "/break")["pod"]
        until(lambda: len(router.endpoints) == 1)
        assert (
            {sample.answer(router.url)["pod"] for _ in range(10)} == {end.pod for end in router.endpoints} != {broken}
        )


def test_pods_are_on_all_nodes_and_no_more_than_fit(
    control_plane: ControlPlane, namespace: str, nodes: list[Node]
) -> None:
    client = control_plane.client
    spec = sample.pod_spec({"resources": {"requests": {"cpu": "9"}}})
    sample.deploy(client, namespace, "big", replicas=3, spec=spec)
    until(lambda: len(sample.ready(client, namespace, "big")) == 2)
    pods = sample.pods(client, namespace, "big")
    assert {pod["spec"].get("nodeName") for pod in pods} == {None, *(node.name for node in nodes)}
    waiting = next(pod for pod in pods if "nodeName" not in pod["spec"])
    assert "Insufficient cpu" in str(waiting["status"]["conditions"])


def test_a_router_that_closes_leaves_no_work_behind_also_where_connections_are_open(
    control_plane: ControlPlane, namespace: str
) -> None:
    client = control_plane.client
    sample.deploy(client, namespace, "blue", replicas=1)
    sample.serve(client, namespace, "web", "blue")
    sample.await_ready(client, namespace, "blue", 1)
    with httpx2.Client() as kept:
        with Router(control_plane, namespace, "web") as router:
            until(lambda: router.endpoints)
            assert kept.get(router.url).status_code == 200
            assert {"Router._forward", "_carry"} <= set(work_of_routers(control_plane))
        assert work_of_routers(control_plane) == []
        with pytest.raises(httpx2.TransportError):
            kept.get(router.url)


def work_of_routers(control_plane: ControlPlane) -> list[str]:
    """The coroutines of routers that have not ended."""

    async def found() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if name.startswith(("Router.", "join", "_carry"))]

    return control_plane.background.run(found())
