"""A stand-in for a Kubernetes node: takes the pods bound to it and runs their containers as processes of this machine.

Unlike a real kubelet and its runtime:
- images are names of an allow-list, and nothing is isolated: no users, capabilities, limits, read-only file systems or
  network policies;
- paths that containers mount are folders elsewhere: where such a path stands in an argument or in the value of a
  variable, that folder's path stands there instead. Mounted Secrets and ConfigMaps do not change later;
- a pod's address is 10.a.b.n for the cluster and 127.a.b.n on this machine (see addresses.py): processes have to bind
  what the downward API gives them as `status.podIP`;
- probes look ten times as often (`second`), and back-offs are ten times shorter; what fails gets its time, though:
  a probe that fails is believed after as many seconds as it says, and grace periods and time limits are what they are;
- the token of a service account lies at its path (see account.py), and is not renewed in its hour;
- logs have no timestamps, and no `exec`, `attach` or `port-forward` leads to a container.
"""

import asyncio
import datetime
import shutil
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import httpx2
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.core.client import FieldValue
from lightkube.resources import coordination_v1, core_v1
from lightkube.types import PatchType

from tests.cluster.addresses import loopback
from tests.cluster.building import KUBERNETES
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.kubelet import PORT, Kubelet
from tests.cluster.objects import made
from tests.cluster.pod import Json, Place, Pod
from tests.cluster.process import stamp

HEARTBEAT_SECONDS = 0.5
RETRY_SECONDS = 0.1
LEASES = "kube-node-lease"


class Node:
    """Ready while its context lasts, and gone with everything on it afterwards. `images` can be added to later."""

    def __init__(
        self, control_plane: ControlPlane, name: str, images: dict[str, Image], *,
        capacity: Mapping[str, str] | None = None, labels: Mapping[str, str] | None = None,
        taints: Sequence[Mapping[str, str]] = (), second: float = 0.1,
    ) -> None:  # fmt: skip
        self.name, self.images = name, images
        self._plane, self._second = control_plane, second
        self._capacity = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"} | dict(
            capacity or {}
        )
        self._labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"} | dict(labels or {})
        self._taints = [dict(taint) for taint in taints]
        self._address = control_plane.addresses.take()
        self._folder = control_plane.folder / "nodes" / name
        self._own = control_plane.authority.issue(f"system:node:{name}", ["system:nodes"], [self._address])
        self._fields: dict[str, FieldValue] = {"spec.nodeName": name}
        self._pods: dict[str, Pod] = {}
        self.errors: list[BaseException] = []
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        self._run(self._register())
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()
        self._run(self._remove())
        self._plane.addresses.give_back(self._address)
        shutil.rmtree(self._folder, ignore_errors=True)
        assert not self.errors, self.errors

    def go_away(self) -> None:
        """Loses power: all its processes are killed, and nothing is said to anybody any more."""
        self._run(self._go_away())

    def come_back(self) -> None:
        """Starts as after a loss of power, with the pods that are bound to it still."""
        self._run(self._come_back())

    def pids(self, namespace: str, pod: str) -> list[int]:
        """The processes of a pod's containers, such as for a test that kills one."""
        found = self._find(namespace, pod)
        return found.pids if found else []

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._plane.background.run(work)

    def _find(self, namespace: str, name: str) -> Pod | None:
        found = (pod for pod in self._pods.values() if (pod.namespace, pod.name) == (namespace, name))
        return next(found, None)

    async def _register(self) -> None:
        config = KubeConfig.from_file(self._plane.kubeconfig)
        self._client = AsyncClient(config, trust_env=False, field_manager="kubelet", timeout=httpx2.Timeout(10))
        own = {"metadata": {"name": self.name, "labels": self._labels}, "spec": {"taints": self._taints}}
        await self._client.create(made(core_v1.Node, own))
        lease = {"metadata": {"name": self.name, "namespace": LEASES}, "spec": {"holderIdentity": self.name}}
        await self._client.create(made(coordination_v1.Lease, lease))
        self._place = Place(
            self.name, self._address, self._plane.url, self._client, self._plane.addresses, self.images, self._folder,
            self._second, self.errors,
        )  # fmt: skip

    async def _come_back(self) -> None:
        find, authority = self._find, self._plane.authority.own.certificate
        self._kubelet = Kubelet(loopback(self._address), self._own, authority, find)
        await self._kubelet.start()
        await self._patch_status()
        self._tasks = [asyncio.create_task(work) for work in (self._beat(), self._follow())]
        while not await self._is_schedulable():  # noqa: ASYNC110 - controllers decide
            await asyncio.sleep(0.02)

    async def _is_schedulable(self) -> bool:
        node = (await self._client.get(core_v1.Node, self.name)).to_dict()
        return len(node["spec"].get("taints", [])) <= len(self._taints)

    async def _go_away(self) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.errors += [error for error in ended if error and not isinstance(error, asyncio.CancelledError)]
        pods, self._pods = self._pods, {}
        await asyncio.gather(self._kubelet.stop(), *(pod.kill() for pod in pods.values()))

    async def _remove(self) -> None:
        async for pod in self._client.list(core_v1.Pod, namespace="*", fields=self._fields):
            metadata = pod.to_dict()["metadata"]
            with suppress(ApiError):
                name, namespace = metadata["name"], metadata["namespace"]
                await self._client.delete(core_v1.Pod, name, namespace=namespace, grace_period=0)
        await self._client.delete(core_v1.Node, self.name)
        await self._client.aclose()

    async def _beat(self) -> None:
        """Renews the lease and says that the node is ready, until it is cancelled."""
        while True:
            with suppress(httpx2.HTTPError):
                now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                renewed = {"spec": {"renewTime": now, "leaseDurationSeconds": 40}}
                await self._client.patch(coordination_v1.Lease, self.name, renewed, namespace=LEASES)
                await self._patch_status()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _patch_status(self) -> None:
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": stamp()}
        status = {
            "conditions": [ready], "capacity": self._capacity, "allocatable": self._capacity,
            "addresses": [{"type": "InternalIP", "address": self._address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
            "nodeInfo": NODE_INFO | {"kubeletVersion": f"v{KUBERNETES}"},
        }  # fmt: skip
        kind = PatchType.STRATEGIC
        await self._client.patch(core_v1.NodeStatus, self.name, {"status": status}, patch_type=kind)

    async def _follow(self) -> None:
        """Looks at the pods that are bound to it, until it is cancelled; also where the API server is away at times."""
        while True:
            with suppress(httpx2.HTTPError):
                await self._watch()
            await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self) -> None:
        listed = self._client.list(core_v1.Pod, namespace="*", fields=self._fields)
        there = {pod["metadata"]["uid"]: pod for pod in [found.to_dict() async for found in listed]}
        for uid in self._pods.keys() - there.keys():
            await self._gone(uid)
        for pod in there.values():
            await self._see(pod)
        version = listed.resourceVersion
        async for kind, found in self._client.watch(
            core_v1.Pod, namespace="*", fields=self._fields, resource_version=version
        ):
            pod = found.to_dict()
            await (self._gone(pod["metadata"]["uid"]) if kind == "DELETED" else self._see(pod))

    async def _see(self, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        if uid not in self._pods:
            if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
                return
            self._pods[uid] = Pod(pod, self._place)
        self._pods[uid].see(pod)

    async def _gone(self, uid: str) -> None:
        if pod := self._pods.get(uid):
            await pod.kill()
            self._pods.pop(uid, None)


NODE_INFO = {
    **dict.fromkeys(("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "kubeProxyVersion"), ""),
    "containerRuntimeVersion": "standin://1",
    "operatingSystem": "linux",
    "architecture": "amd64",
}
