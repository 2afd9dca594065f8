"""Deployments of a small server, as tests write them down, and what they look at."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
from lightkube import Client
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod, Service

from tests.cluster.images import Image
from tests.cluster.objects import made
from tests.repository import until

Json = dict[str, Any]
IMAGE = "tests/server:1"
SERVER = Image(command=(sys.executable, "-I", "-S", str(Path(__file__).with_name("server.py"))))
POD_IP = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def pod_spec(container: Mapping[str, Any] = (), **spec: Any) -> Json:  # type: ignore[assignment]
    """One container, which is ready as soon as it answers; both with changes."""
    given = dict(container)
    environ = [POD_IP, *given.pop("env", [])]
    base = {
        "name": "server", "image": IMAGE, "ports": [{"name": "http", "containerPort": 8080}], "env": environ,
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
    }  # fmt: skip
    return {"containers": [{**base, **given}], "terminationGracePeriodSeconds": 5, **spec}


def deploy(client: Client, namespace: str, name: str, replicas: int = 2, spec: Json | None = None, **more: Any) -> None:
    """Applies a Deployment of pods with the label `app: NAME`."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec or pod_spec()}
    wanted = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **more}
    content = {"metadata": {"name": name, "namespace": namespace}, "spec": wanted}
    client.apply(made(Deployment, content), force=True)


def serve(client: Client, namespace: str, name: str, selected: str) -> None:
    """Applies a Service for the pods of a Deployment."""
    spec = {"selector": {"app": selected}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    client.apply(made(Service, {"metadata": {"name": name, "namespace": namespace}, "spec": spec}), force=True)


def pods(client: Client, namespace: str, app: str) -> list[Json]:
    return [pod.to_dict() for pod in client.list(Pod, namespace=namespace, labels={"app": app})]


def ready(client: Client, namespace: str, app: str) -> list[Json]:
    return [pod for pod in pods(client, namespace, app) if condition(pod, "Ready") == "True"]


def condition(pod: Json, kind: str) -> str:
    found = pod.get("status", {}).get("conditions", [])
    return next((one["status"] for one in found if one["type"] == kind), "")


def await_ready(client: Client, namespace: str, app: str, count: int = 2, seconds: float = 60) -> list[Json]:
    """Exactly so many pods, all ready."""

    def found() -> list[Json]:
        there = pods(client, namespace, app)
        return there if len(there) == count == len(ready(client, namespace, app)) else []

    found_in_time: list[Json] = until(found, seconds, pause=0.02)
    return found_in_time


def server_state(pod: Json) -> Json:
    """The status of the container; empty before there is one."""
    statuses: list[Json] = pod.get("status", {}).get("containerStatuses", [{}])
    return statuses[0]


def waits_for(pod: Json) -> str:
    """The reason for which the container waits."""
    reason: str = server_state(pod).get("state", {}).get("waiting", {}).get("reason", "")
    return reason


def answer(url: str, path: str = "/") -> Json:
    with httpx2.Client(trust_env=False, timeout=10) as client:
        got: Json = client.get(f"{url}{path}", headers={"Connection": "close"}).raise_for_status().json()
        return got


def elapsed(since: float) -> float:
    return time.monotonic() - since
