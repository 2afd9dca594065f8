"""What becomes of containers: given, initialised, crashed, unhealthy, not pulled, last words."""

import os
import signal

import pytest
from lightkube import Client
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, Event, Pod, Secret

from tests.cluster import sample
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.node import Node
from tests.cluster.objects import made
from tests.cluster.router import Router
from tests.repository import until

SHELL = Image(command=("/bin/sh", "-c"))


@pytest.fixture(autouse=True)
def pullable(images: dict[str, Image]) -> None:
    images |= {sample.IMAGE: sample.SERVER, "tests/shell:1": SHELL}


@pytest.fixture
def client(control_plane: ControlPlane) -> Client:
    return control_plane.client


def shell(script: str, **more: object) -> sample.Json:
    return {"name": "shell", "image": "tests/shell:1", "args": [script], **more}


def run(client: Client, namespace: str, **spec: object) -> None:
    """Creates a pod `one` without a controller, that is not started again."""
    content = {"metadata": {"name": "one", "namespace": namespace}, "spec": {"restartPolicy": "Never", **spec}}
    client.create(made(Pod, content))


def finished(client: Client, namespace: str) -> sample.Json:
    def ended() -> sample.Json:
        pod = client.get(Pod, "one", namespace=namespace).to_dict()
        return pod if pod["status"]["phase"] in ("Succeeded", "Failed") else {}

    found: sample.Json = until(ended, pause=0.02)
    return found


def one(client: Client, namespace: str, app: str, holds: object) -> sample.Json:
    """The pod of a Deployment of one, as soon as something holds of it."""
    assert callable(holds)
    return until(lambda: next((pod for pod in sample.pods(client, namespace, app) if holds(pod)), {}), pause=0.02)


def reasons(client: Client, namespace: str) -> set[str | None]:
    return {event.reason for event in client.list(Event, namespace=namespace)}


def test_a_container_gets_variables_and_files_from_the_cluster(client: Client, namespace: str) -> None:
    client.create(made(Secret, {"metadata": {"name": "keys", "namespace": namespace}, "stringData": {"key": "s3cret"}}))
    client.create(
        made(ConfigMap, {"metadata": {"name": "conf", "namespace": namespace}, "data": {"A": "1", "f": "x\n"}})
    )
    env = [
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key"}}},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "BOTH", "value": "$(NAME)-$(conf_A)-$$(NAME)"},
        {"name": "FOLDER", "value": "/etc/conf"},
    ]  # fmt: skip
    script = 'echo $KEY $NAME $BOTH $HOST; cat "$FOLDER/f" /etc/keys/here; echo kept > /data/file; cat /data/file'
    mounts = [{"name": name, "mountPath": path} for name, path in VOLUMES.items()]
    volumes = [
        {"name": "conf", "configMap": {"name": "conf"}},
        {"name": "keys", "secret": {"secretName": "keys", "items": [{"key": "key", "path": "here"}]}},
        {"name": "data", "emptyDir": {}},
    ]  # fmt: skip
    source = [{"configMapRef": {"name": "conf"}, "prefix": "conf_"}]
    container = shell(script, env=env, envFrom=source, volumeMounts=mounts)
    run(client, namespace, containers=[container], volumes=volumes)
    assert finished(client, namespace)["status"]["phase"] == "Succeeded"
    said = "".join(client.log("one", namespace=namespace)).splitlines()
    assert said[0].split()[:3] == ["s3cret", "one", "one-1-$(NAME)"]
    assert said[0].split()[3].startswith("127.")
    assert said[1:] == ["x", "s3cretkept"]


VOLUMES = {"conf": "/etc/conf", "keys": "/etc/keys", "data": "/data"}


def test_init_containers_run_before_and_one_that_fails_lets_nothing_run(client: Client, namespace: str) -> None:
    mount = [{"name": "data", "mountPath": "/data"}]
    first = shell("echo made > /data/file", volumeMounts=mount) | {"name": "first"}
    sample_spec = {"containers": [shell("cat /data/file", volumeMounts=mount)], "initContainers": [first]}
    run(client, namespace, volumes=[{"name": "data", "emptyDir": {}}], **sample_spec)
    assert finished(client, namespace)["status"]["phase"] == "Succeeded"
    assert list(client.log("one", namespace=namespace)) == ["made\n"]
    client.delete(Pod, "one", namespace=namespace, grace_period=0)
    run(client, namespace, containers=[shell("echo no")], initContainers=[shell("exit 3") | {"name": "first"}])
    status = finished(client, namespace)["status"]
    assert status["phase"] == "Failed"
    assert status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert "waiting" in status["containerStatuses"][0]["state"]


def test_a_job_runs_to_its_end(client: Client, namespace: str) -> None:
    template = {"spec": {"containers": [shell("exit 0")], "restartPolicy": "Never"}}
    client.create(made(Job, {"metadata": {"name": "once", "namespace": namespace}, "spec": {"template": template}}))
    until(lambda: client.get(Job, "once", namespace=namespace).to_dict()["status"].get("succeeded") == 1)


def test_last_words_come_from_the_file_or_from_the_log(client: Client, namespace: str) -> None:
    run(client, namespace, containers=[shell("echo out; echo words > /dev/termination-log; exit 7")])
    state = sample.server_state(finished(client, namespace))["state"]["terminated"]
    assert (state["exitCode"], state["reason"], state["message"]) == (7, "Error", "words\n")
    client.delete(Pod, "one", namespace=namespace, grace_period=0)
    policy = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    run(client, namespace, containers=[shell("echo said; kill -9 $$$$", **policy)])
    state = sample.server_state(finished(client, namespace))["state"]["terminated"]
    assert (state["exitCode"], state["message"]) == (137, "said\n")


def test_a_program_that_cannot_be_started_is_said(client: Client, namespace: str) -> None:
    run(client, namespace, containers=[{"name": "no", "image": "tests/shell:1", "command": ["/no/such/program"]}])
    state = sample.server_state(finished(client, namespace))["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (128, "StartError")
    assert "/no/such/program" in state["message"]


def test_a_process_that_dies_is_started_again(client: Client, namespace: str, nodes: list[Node]) -> None:
    sample.deploy(client, namespace, "blue", replicas=1)
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    (pid,) = [pid for node in nodes for pid in node.pids(namespace, pod["metadata"]["name"])]
    os.kill(pid, signal.SIGKILL)
    again = one(client, namespace, "blue", lambda pod: sample.server_state(pod).get("restartCount") == 1)
    until(lambda: sample.ready(client, namespace, "blue"))
    assert sample.server_state(again)["lastState"]["terminated"]["exitCode"] == 137


def test_one_that_crashes_again_and_again_backs_off_with_its_last_words(client: Client, namespace: str) -> None:
    container = shell("echo no database >&2; exit 4", terminationMessagePolicy="FallbackToLogsOnError")
    sample.deploy(client, namespace, "bad", replicas=1, spec={"containers": [container]})
    pod = one(client, namespace, "bad", lambda pod: sample.waits_for(pod) == "CrashLoopBackOff")
    last = sample.server_state(pod)["lastState"]["terminated"]
    assert (last["exitCode"], last["message"]) == (4, "no database\n")
    assert pod["status"]["phase"] == "Running"
    one(client, namespace, "bad", lambda pod: sample.server_state(pod)["restartCount"] >= 3)
    assert "BackOff" in reasons(client, namespace)


def test_an_image_that_is_not_there_is_pulled_once_it_is(
    client: Client, namespace: str, images: dict[str, Image]
) -> None:
    sample.deploy(client, namespace, "new", replicas=1, spec=sample.pod_spec({"image": "tests/server:2"}))
    one(client, namespace, "new", lambda pod: sample.waits_for(pod) == "ErrImagePull")
    pod = one(client, namespace, "new", lambda pod: sample.waits_for(pod) == "ImagePullBackOff")
    assert (pod["status"]["phase"], sample.condition(pod, "Ready")) == ("Pending", "False")
    images["tests/server:2"] = sample.SERVER
    sample.await_ready(client, namespace, "new", 1)


def test_a_container_waits_for_its_secret(client: Client, namespace: str) -> None:
    env = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "late", "key": "key"}}}]
    sample.deploy(client, namespace, "blue", replicas=1, spec=sample.pod_spec({"env": env}))
    pod = one(client, namespace, "blue", lambda pod: sample.waits_for(pod) == "CreateContainerConfigError")
    assert sample.server_state(pod)["state"]["waiting"]["message"] == 'secrets "late" not found'
    client.create(made(Secret, {"metadata": {"name": "late", "namespace": namespace}, "stringData": {"key": "1"}}))
    sample.await_ready(client, namespace, "blue", 1)


def test_one_that_is_not_alive_is_restarted(control_plane: ControlPlane, client: Client, namespace: str) -> None:
    probe = {"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 1, "failureThreshold": 5}
    sample.deploy(client, namespace, "blue", replicas=1, spec=sample.pod_spec({"livenessProbe": probe}))
    sample.serve(client, namespace, "web", "blue")
    sample.await_ready(client, namespace, "blue", 1)
    with Router(control_plane, namespace, "web") as router:
        until(lambda: router.endpoints)
        sample.answer(router.url, "/break")
        one(client, namespace, "blue", lambda pod: sample.server_state(pod)["restartCount"] == 1)
        until(lambda: sample.ready(client, namespace, "blue"))
    assert {"Killing"} <= reasons(client, namespace)


def test_until_it_has_started_it_is_neither_ready_nor_ended_for_not_being_alive(client: Client, namespace: str) -> None:
    probes = {
        "startupProbe": {"exec": {"command": ["test", "-e", "/data/go"]}, "periodSeconds": 1, "failureThreshold": 600},
        "livenessProbe": {"exec": {"command": ["test", "-e", "/data/go"]}, "periodSeconds": 1, "failureThreshold": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    spec = sample.pod_spec(probes, volumes=[{"name": "data", "emptyDir": {}}])
    spec["containers"].append(shell("sleep 1; touch /data/go; sleep 600", volumeMounts=probes["volumeMounts"]))
    sample.deploy(client, namespace, "blue", replicas=1, spec=spec)
    pod = one(client, namespace, "blue", lambda pod: "running" in sample.server_state(pod).get("state", {}))
    statuses = {status["name"]: status for status in pod["status"]["containerStatuses"]}
    assert (statuses["server"]["started"], statuses["server"]["ready"]) == (False, False)
    (pod,) = sample.await_ready(client, namespace, "blue", 1)
    assert [status["restartCount"] for status in pod["status"]["containerStatuses"]] == [0, 0]
