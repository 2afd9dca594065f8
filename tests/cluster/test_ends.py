"""Pods end as a kubelet ends them: hook, SIGTERM, grace, SIGKILL; and their address goes to nobody else meanwhile."""

import time

import pytest
from lightkube import Client
from lightkube.resources.core_v1 import Pod

from tests.cluster import sample
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.router import Router
from tests.repository import until


@pytest.fixture(autouse=True)
def server(images: dict[str, Image]) -> None:
    images[sample.IMAGE] = sample.SERVER


@pytest.fixture
def client(control_plane: ControlPlane) -> Client:
    return control_plane.client


def test_a_process_is_asked_to_end_after_its_hook(client: Client, namespace: str) -> None:
    hook = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "echo hook; sleep 0.5; echo hooked"]}}}
    spec = sample.pod_spec({"lifecycle": hook, "env": [{"name": "LINGER", "value": "0.5"}]})
    sample.deploy(client, namespace, "blue", 1, spec)
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    lines, began = client.log(pod["metadata"]["name"], namespace=namespace, follow=True), time.monotonic()
    client.delete(Pod, pod["metadata"]["name"], namespace=namespace)
    assert [line.strip() for line in lines] == ["listening", "hook", "hooked", "asked to end", "ended"]
    assert 1 <= sample.elapsed(began) < 4


@pytest.mark.parametrize("hook", [{"sleep": {"seconds": 1}}, {"httpGet": {"path": "/hook", "port": "http"}}])
def test_hooks_sleep_and_ask(client: Client, namespace: str, hook: sample.Json) -> None:
    sample.deploy(client, namespace, "blue", 1, sample.pod_spec({"lifecycle": {"preStop": hook}}))
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    lines, began = client.log(pod["metadata"]["name"], namespace=namespace, follow=True), time.monotonic()
    client.delete(Pod, pod["metadata"]["name"], namespace=namespace)
    said = [line.strip() for line in lines]
    assert said == ["listening", *(["GET /hook"] if "httpGet" in hook else []), "asked to end", "ended"]
    assert "sleep" not in hook or sample.elapsed(began) >= 1


def test_one_that_does_not_end_is_killed_when_its_grace_is_over(client: Client, namespace: str) -> None:
    spec = sample.pod_spec({"env": [{"name": "LINGER", "value": "60"}]}, terminationGracePeriodSeconds=1)
    sample.deploy(client, namespace, "blue", 1, spec)
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    name, began = pod["metadata"]["name"], time.monotonic()
    lines = client.log(name, namespace=namespace, follow=True)
    client.delete(Pod, name, namespace=namespace)
    assert [line.strip() for line in lines] == ["listening", "asked to end"]
    until(lambda: name not in [one["metadata"]["name"] for one in sample.pods(client, namespace, "blue")], pause=0.02)
    assert 1 <= sample.elapsed(began) < 4


def test_one_that_ends_leaves_the_endpoints_first_and_answers_what_is_open(
    control_plane: ControlPlane, client: Client, namespace: str
) -> None:
    spec = sample.pod_spec({"lifecycle": {"preStop": {"sleep": {"seconds": 2}}}})
    sample.deploy(client, namespace, "blue", 2, spec)
    sample.serve(client, namespace, "web", "blue")
    first, second = sample.await_ready(client, namespace, "blue")
    with Router(control_plane, namespace, "web") as router:
        until(lambda: len(router.endpoints) == 2)
        client.delete(Pod, first["metadata"]["name"], namespace=namespace)
        until(lambda: first["metadata"]["name"] not in {end.pod for end in router.endpoints}, pause=0.01)
        ending = client.get(Pod, first["metadata"]["name"], namespace=namespace).to_dict()
        assert "running" in sample.server_state(ending)["state"]
        assert second["metadata"]["name"] in {sample.answer(router.url)["pod"] for _ in range(20)}


def test_one_deleted_by_force_is_gone_at_once(client: Client, namespace: str) -> None:
    spec = sample.pod_spec({"env": [{"name": "LINGER", "value": "60"}]}, terminationGracePeriodSeconds=60)
    sample.deploy(client, namespace, "blue", 1, spec)
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    lines, began = client.log(pod["metadata"]["name"], namespace=namespace, follow=True), time.monotonic()
    client.delete(Pod, pod["metadata"]["name"], namespace=namespace, grace_period=0)
    said = [line.strip() for line in lines]  # the node may hear of the deletion in two steps
    assert said in (["listening"], ["listening", "asked to end"])
    assert sample.elapsed(began) < 30
