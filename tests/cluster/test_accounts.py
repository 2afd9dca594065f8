"""Service accounts of pods: the API server knows each by its own token, and lets it do what RBAC grants it."""

import json
import sys
from typing import Any

import pytest
from lightkube import Client
from lightkube.models.authentication_v1 import TokenReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.authentication_v1 import TokenReview
from lightkube.resources.core_v1 import Pod, ServiceAccount

from tests.cluster import account, rights
from tests.cluster.audit import Asked
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.objects import made
from tests.repository import until

IMAGE = "tests/python:1"
ACCOUNT = """
import json, pathlib
from lightkube import KubeConfig
folder = pathlib.Path(KubeConfig.from_env().get().user.token_file).parent
found = {name: (folder / name).read_text() for name in ("token", "ca.crt", "namespace")}
print(json.dumps(found | {"at": str(folder)}))
"""
ASKS = """
import json
from lightkube import ApiError, Client, KubeConfig
from lightkube.resources.core_v1 import ConfigMap, Secret
client, said = Client(KubeConfig.from_env(), trust_env=False), {}
for kind in (ConfigMap, Secret):
    try:
        said[kind.__name__] = [one.metadata.name for one in client.list(kind)]
    except ApiError as error:
        said[kind.__name__] = error.status.code
print(json.dumps(said))
"""
LOOKS = f"""
import json, os, pathlib
found = {{name: value for name, value in os.environ.items() if name.startswith("KUBE")}}
print(json.dumps(found | {{"mounted": pathlib.Path("{account.FOLDER}").exists()}}))
"""


@pytest.fixture(autouse=True)
def pullable(images: dict[str, Image]) -> None:
    images[IMAGE] = Image(command=(sys.executable, "-c"))


@pytest.fixture
def client(control_plane: ControlPlane) -> Client:
    return control_plane.client


def said(client: Client, namespace: str, script: str, **spec: Any) -> dict[str, Any]:
    """What a container prints that runs a script to its end."""
    body = {"restartPolicy": "Never", "containers": [{"name": "one", "image": IMAGE, "args": [script]}], **spec}
    client.create(made(Pod, {"metadata": {"name": "one", "namespace": namespace}, "spec": body}))

    def ended() -> str:
        phase = client.get(Pod, "one", namespace=namespace).to_dict()["status"]["phase"]
        return phase if phase in ("Succeeded", "Failed") else ""

    phase = until(ended, pause=0.02)
    lines = list(client.log("one", namespace=namespace))
    assert phase == "Succeeded", lines
    return dict(json.loads("".join(lines)))


def reviewed(client: Client, token: str) -> dict[str, Any]:
    """What the API server thinks of a token."""
    review = TokenReview(metadata=ObjectMeta(), spec=TokenReviewSpec(token=token))
    return dict(client.create(review).to_dict()["status"])


def grant(client: Client, namespace: str, name: str, *rules: dict[str, list[str]]) -> None:
    """Makes a service account that may do something."""
    client.create(made(ServiceAccount, {"metadata": {"name": name, "namespace": namespace}}))
    rights.grant(client, namespace, name, rights.account(namespace, name), rules)


@pytest.mark.parametrize("mounts", [True, False])
def test_a_pod_has_a_token_of_its_own_the_certificate_and_its_namespace(
    control_plane: ControlPlane, client: Client, namespace: str, mounts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not mounts:
        monkeypatch.setattr(account, "_allowed", tuple)  # as on a machine where nobody but root may mount
    found = said(client, namespace, ACCOUNT)
    assert (found["at"] == account.FOLDER) is bool(account._allowed())
    assert found["namespace"] == namespace
    assert found["ca.crt"].strip() == control_plane.authority.own.certificate.read_text().strip()
    review = reviewed(client, found["token"])
    pod = client.get(Pod, "one", namespace=namespace).to_dict()["metadata"]
    assert review["user"]["username"] == f"system:serviceaccount:{namespace}:default"
    assert review["user"]["extra"]["authentication.kubernetes.io/pod-uid"] == [pod["uid"]]
    client.delete(Pod, "one", namespace=namespace, grace_period=0)
    until(lambda: not reviewed(client, found["token"]).get("authenticated"), 30)


def test_a_pod_may_do_what_its_account_is_granted_and_nothing_else(client: Client, namespace: str) -> None:
    grant(client, namespace, "reader", {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]})
    assert said(client, namespace, ASKS, serviceAccountName="reader") == {
        "ConfigMap": ["kube-root-ca.crt"],
        "Secret": 403,
    }


@pytest.mark.parametrize("of_account", [True, False])
def test_an_account_that_is_not_to_be_mounted_gives_nothing(
    client: Client, namespace: str, of_account: bool, control_plane: ControlPlane
) -> None:
    head = {"metadata": {"name": "nobody", "namespace": namespace}}
    client.create(made(ServiceAccount, head | ({"automountServiceAccountToken": False} if of_account else {})))
    spec = {} if of_account else {"automountServiceAccountToken": False}
    found = said(client, namespace, LOOKS, serviceAccountName="nobody", **spec)
    port = control_plane.url.rpartition(":")[2]
    assert found == {"mounted": False, "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port}


def test_a_projected_token_is_for_whom_it_names(client: Client, namespace: str) -> None:
    source = {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 600}}
    volumes = [{"name": "vault", "projected": {"sources": [source]}}]
    script = "import json; print(json.dumps({'token': open('/var/run/vault/token').read()}))"
    mounted = [{"name": "vault", "mountPath": "/var/run/vault"}]
    container = {"name": "one", "image": IMAGE, "args": [script], "volumeMounts": mounted}
    found = said(client, namespace, "", volumes=volumes, containers=[container])
    assert not reviewed(client, found["token"]).get("authenticated")
    review = TokenReview(metadata=ObjectMeta(), spec=TokenReviewSpec(token=found["token"], audiences=["vault"]))
    assert client.create(review).to_dict()["status"]["authenticated"]


def test_what_an_account_asked_for_is_known(control_plane: ControlPlane, client: Client, namespace: str) -> None:
    grant(client, namespace, "reader", {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]})
    said(client, namespace, ASKS, serviceAccountName="reader")
    assert control_plane.asked(namespace, "reader") == [
        Asked("list", "", "configmaps", "", True),
        Asked("list", "", "secrets", "", False),
    ]
    assert control_plane.asked(namespace, "default") == []
