"""The control plane is a real one: rights, ways to pods, restarts, nodes that go away."""

import httpx2
import pytest
from lightkube import ApiError
from lightkube.resources.core_v1 import Node as NodeObject
from lightkube.resources.core_v1 import Pod

from tests.cluster import sample
from tests.cluster.building import KUBERNETES
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.node import Node
from tests.cluster.rights import account, grant, group
from tests.cluster.router import Router
from tests.repository import until

LIST_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}


@pytest.fixture(autouse=True)
def server(images: dict[str, Image]) -> None:
    images[sample.IMAGE] = sample.SERVER


def http(control_plane: ControlPlane) -> httpx2.Client:
    """The admin's way to paths of the API server that have no type."""
    import ssl

    pair = control_plane.authority.issue("tests", ["system:masters"])
    context = ssl.create_default_context(cafile=control_plane.authority.own.certificate)
    context.load_cert_chain(pair.certificate, pair.key)
    return httpx2.Client(base_url=control_plane.url, verify=context, trust_env=False)


def test_it_says_which_version_it_is(control_plane: ControlPlane) -> None:
    with http(control_plane) as client:
        assert client.get("/version").json()["gitVersion"] == f"v{KUBERNETES}"


def test_the_api_server_reaches_a_pod(control_plane: ControlPlane, namespace: str) -> None:
    sample.deploy(control_plane.client, namespace, "blue", 1)
    (pod,) = sample.await_ready(control_plane.client, namespace, "blue", 1)
    name = pod["metadata"]["name"]
    assert pod["status"]["podIP"].startswith("10.")
    with http(control_plane) as client:
        got = client.get(f"/api/v1/namespaces/{namespace}/pods/{name}:8080/proxy/some/path")
        assert got.json()["pod"] == name
        other = client.get(f"/api/v1/namespaces/{namespace}/pods/{name}:8081/proxy/")
        assert other.status_code in (502, 503)


def test_the_api_server_has_the_logs_of_a_pod(control_plane: ControlPlane, namespace: str) -> None:
    client = control_plane.client
    sample.deploy(client, namespace, "blue", 1)
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    name = pod["metadata"]["name"]
    with http(control_plane) as way:
        for _ in range(3):
            way.get(f"/api/v1/namespaces/{namespace}/pods/{name}:8080/proxy/hello").raise_for_status()
        assert list(client.log(name, namespace=namespace)) == ["listening\n", *["GET /hello\n"] * 3]
        assert list(client.log(name, namespace=namespace, tail_lines=2)) == ["GET /hello\n"] * 2
        with pytest.raises(httpx2.HTTPError):
            way.get(f"/api/v1/namespaces/{namespace}/pods/{name}:8080/proxy/exit/9").raise_for_status()
        until(lambda: sample.server_state(client.get(Pod, name, namespace=namespace).to_dict())["restartCount"] == 1)
        previous = way.get(f"/api/v1/namespaces/{namespace}/pods/{name}/log", params={"previous": "true"})
        assert previous.text.splitlines()[-1] == "these were my last words"


def test_a_user_may_do_what_was_granted_and_nothing_else(control_plane: ControlPlane, namespace: str) -> None:
    sample.deploy(control_plane.client, namespace, "blue", 1)
    user = control_plane.client_of(control_plane.user("robin", "readers"))
    with pytest.raises(ApiError) as refused:
        list(user.list(Pod, namespace=namespace))
    assert refused.value.status.code == 403
    assert str(refused.value.status.message).startswith('pods is forbidden: User "robin" cannot list resource "pods"')
    grant(control_plane.client, namespace, "granted", group("readers"), [LIST_PODS])
    (pod,) = until(lambda: list(user.list(Pod, namespace=namespace)))
    with pytest.raises(ApiError, match="cannot delete"):
        user.delete(Pod, pod.metadata.name, namespace=namespace)


def test_a_service_account_has_a_token(control_plane: ControlPlane, namespace: str) -> None:
    grant(control_plane.client, namespace, "granted", account(namespace, "default"), [LIST_PODS])
    robot = control_plane.client_of(control_plane.service_account(namespace, "default"))
    assert list(robot.list(Pod, namespace=namespace)) == []


def test_the_api_server_is_restarted_and_all_goes_on(control_plane: ControlPlane, namespace: str) -> None:
    client = control_plane.client
    sample.deploy(client, namespace, "blue")
    sample.serve(client, namespace, "web", "blue")
    sample.await_ready(client, namespace, "blue")
    with Router(control_plane, namespace, "web") as router:
        until(lambda: len(router.endpoints) == 2)
        before = {end.pod for end in router.endpoints}
        control_plane.stop_api()
        with pytest.raises(httpx2.TransportError):
            list(client.list(Pod, namespace=namespace))
        assert sample.answer(router.url)["pod"] in before
        control_plane.start_api()
        sample.deploy(client, namespace, "blue", 3)
        sample.await_ready(client, namespace, "blue", 3)
        until(lambda: len(router.endpoints) == 3)
        assert before < {end.pod for end in router.endpoints}


@pytest.mark.timeout(180)
def test_a_node_that_goes_away_takes_its_pods_out_of_traffic_until_it_is_back(
    control_plane: ControlPlane, namespace: str, nodes: list[Node]
) -> None:
    client = control_plane.client
    spec = sample.pod_spec({"resources": {"requests": {"cpu": "9"}}})  # one on each node
    sample.deploy(client, namespace, "blue", spec=spec)
    sample.serve(client, namespace, "web", "blue")
    pods = sample.await_ready(client, namespace, "blue")
    lost = next(pod for pod in pods if pod["spec"]["nodeName"] == nodes[0].name)["metadata"]["name"]
    with Router(control_plane, namespace, "web") as router:
        until(lambda: len(router.endpoints) == 2)
        nodes[0].go_away()
        until(lambda: [end for end in router.endpoints if end.pod == lost] == [], 60)
        assert sample.answer(router.url)["pod"] != lost
        conditions = client.get(NodeObject, nodes[0].name).to_dict()["status"]["conditions"]
        assert [one["status"] for one in conditions if one["type"] == "Ready"] == ["Unknown"]
        nodes[0].come_back()
        until(lambda: len(router.endpoints) == 2, 60)
        assert len({sample.answer(router.url)["pod"] for _ in range(40)}) == 2
