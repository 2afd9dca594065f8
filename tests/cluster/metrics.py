"""A stand-in for what autoscalers ask: metrics-server for processor time, and an adapter for requests in flight.

It registers as such programs do, by an APIService each, and answers with what the processes of pods have really used
and with what their admin doors say. Sources: https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/,
the types in k8s.io/metrics/pkg/apis.
"""

import json
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import psutil
from lightkube import ApiError
from lightkube.resources.apiregistration_v1 import APIService
from lightkube.resources.core_v1 import Pod, Service

from mooring.metrics import IN_FLIGHT
from mooring.targets.kubernetes import names
from tests.cluster.addresses import loopback
from tests.cluster.control_plane import ControlPlane
from tests.cluster.node import Node
from tests.cluster.objects import made
from tests.cluster.sample import condition
from tests.repository import until

Json = dict[str, Any]

PROCESSOR, REQUESTS = "metrics.k8s.io", "custom.metrics.k8s.io"
VERSIONS = {PROCESSOR: "v1beta1", REQUESTS: "v1beta2"}
SERVED = {
    PROCESSOR: {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]},
    REQUESTS: {
        "name": f"pods/{IN_FLIGHT}", "singularName": "", "namespaced": True, "kind": "MetricValueList",
        "verbs": ["get"],
    },
}  # fmt: skip


class Metrics:
    """Serves the `groups` while its context lasts. `token` is that of the pods' admin doors."""

    def __init__(self, plane: ControlPlane, nodes: Sequence[Node], namespace: str, groups: Sequence[str]) -> None:
        self._plane, self._nodes, self._namespace, self._groups = plane, nodes, namespace, groups
        self._address = plane.addresses.take()
        self._used: dict[int, tuple[float, float]] = {}
        self.token = ""
        self.asked = dict.fromkeys(groups, 0)
        """How often an autoscaler has asked for each."""

    def __enter__(self) -> Self:
        pair = self._plane.authority.issue(f"metrics-{self._address}", addresses=[self._address])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._server = ThreadingHTTPServer((loopback(self._address), 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()
        self._register()
        return self

    def __exit__(self, *_: object) -> None:
        for group in self._groups:
            self._plane.client.delete(APIService, f"{VERSIONS[group]}.{group}")
        self._server.shutdown()
        self._server.server_close()
        self._plane.addresses.give_back(self._address)

    def _register(self) -> None:
        """The Service is a name outside, as the API server's way to pods knows the address."""
        client, port = self._plane.client, self._server.server_address[1]
        spec = {"type": "ExternalName", "externalName": self._address}
        client.apply(made(Service, {"metadata": {"name": "metrics", "namespace": self._namespace}, "spec": spec}))
        for group in self._groups:
            service = {"name": "metrics", "namespace": self._namespace, "port": port}
            wanted = {
                "group": group, "version": VERSIONS[group], "service": service, "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100, "versionPriority": 100,
            }  # fmt: skip
            client.apply(made(APIService, {"metadata": {"name": f"{VERSIONS[group]}.{group}"}, "spec": wanted}))
        for group in self._groups:
            until(lambda group=group: self._is_available(group), 60)  # type: ignore[misc]

    def _is_available(self, group: str) -> bool:
        found = self._plane.client.get(APIService, f"{VERSIONS[group]}.{group}").to_dict()
        return any(
            one["type"] == "Available" and one["status"] == "True"
            for one in found.get("status", {}).get("conditions", [])
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                said = answer(asked.path.strip("/").split("/"), parse_qs(asked.query).get("labelSelector", [""])[0])
                content = json.dumps(said or {"kind": "Status", "status": "Failure", "code": 404}).encode()
                self.send_response(200 if said else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        return Handler

    def _answer(self, path: list[str], labels: str) -> Json | None:
        """Of `apis/GROUP/VERSION`, and of `apis/GROUP/VERSION/namespaces/NAMESPACE/pods...`."""
        group = path[1] if len(path) > 2 else ""
        if group not in self._groups:
            return None
        if len(path) == 3:
            named = {"apiVersion": "v1", "groupVersion": f"{group}/{VERSIONS[group]}"}
            return {"kind": "APIResourceList", **named, "resources": [SERVED[group]]}
        self.asked[group] += 1
        namespace = path[4]
        chosen = dict(one.split("=") for one in labels.split(",") if one)
        pods = [pod.to_dict() for pod in self._plane.client.list(Pod, namespace=namespace, labels=dict(chosen))]
        items = self._processor(pods) if group == PROCESSOR else self._requests(pods)
        kind = "PodMetricsList" if group == PROCESSOR else "MetricValueList"
        return {"kind": kind, "apiVersion": f"{group}/{VERSIONS[group]}", "metadata": {}, "items": items}

    def _requests(self, pods: list[Json]) -> list[Json]:
        """Of the pods that say it, as an adapter has samples of those that it could scrape."""
        found = []
        for pod in pods:
            if condition(pod, "Ready") == "True" and (said := self._in_flight(pod)) is not None:
                head = pod["metadata"]
                described = {"kind": "Pod", "apiVersion": "/v1", "name": head["name"], "namespace": head["namespace"]}
                metric = {"name": IN_FLIGHT, "selector": None}
                found.append({"describedObject": described, "metric": metric, "timestamp": _now(), "value": str(said)})
        return found

    def _in_flight(self, pod: Json) -> int | None:
        url = f"http://{loopback(pod['status']['podIP'])}:{names.ADMIN}/health"
        asked = Request(url, headers={names.ADMIN_HEADER: self.token})
        with suppress(OSError, KeyError), urlopen(asked, timeout=2) as answer:
            return int(json.load(answer)["in_flight"])
        return None

    def _processor(self, pods: list[Json]) -> list[Json]:
        """Since the last time that somebody asked."""
        found = []
        for pod in pods:
            head = pod["metadata"]
            pids = [pid for node in self._nodes for pid in node.pids(head["namespace"], head["name"])]
            used = [share for pid in pids if (share := self._share(pid)) is not None]
            if used:
                usage = {"cpu": f"{round(sum(used) * 1000)}m", "memory": "64Mi"}
                containers = [{"name": pod["spec"]["containers"][0]["name"], "usage": usage}]
                named = {"name": head["name"], "namespace": head["namespace"]}
                found.append({"metadata": named, "timestamp": _now(), "window": "1s", "containers": containers})
        return found

    def _share(self, pid: int) -> float | None:
        """Cores that a process and those below it use; None at the first look."""
        try:
            process = psutil.Process(pid)
            times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        except psutil.Error:
            return None
        now, spent = time.monotonic(), sum(each.user + each.system for each in times)
        before, self._used[pid] = self._used.get(pid), (now, spent)
        if before is None or now - before[0] < 0.2:
            return None
        return max(0.0, spent - before[1]) / (now - before[0])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def scaler(plane: ControlPlane, namespace: str, name: str) -> Json:
    """An autoscaler as it is; empty where there is none."""
    from lightkube.resources.autoscaling_v2 import HorizontalPodAutoscaler

    try:
        found: Json = plane.client.get(HorizontalPodAutoscaler, name, namespace=namespace).to_dict()
    except ApiError:
        return {}
    return found
