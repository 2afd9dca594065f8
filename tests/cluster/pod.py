"""A pod on the stand-in for a node: its volumes, init containers, containers and end, reported as a kubelet does."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.resources import core_v1
from lightkube.types import PatchType

from tests.cluster.addresses import Addresses, loopback
from tests.cluster.container import Container
from tests.cluster.images import Image
from tests.cluster.objects import made
from tests.cluster.process import stamp
from tests.cluster.sources import Sources, Unresolved
from tests.cluster.status import Status
from tests.cluster.surroundings import Surroundings

Json = dict[str, Any]
RETRY_SECONDS = 0.2
NORMAL = {"Killing"}
"""Events that are no warnings."""


@dataclass(frozen=True)
class Place:
    """What a node gives to its pods."""

    node: str
    address: str
    server: str
    client: AsyncClient
    addresses: Addresses
    images: Mapping[str, Image]
    folder: Path
    second: float
    errors: list[BaseException]
    """Of the stand-in itself, which no test may overlook."""


class Pod:
    """Runs from its making until `kill`, or until `end` is over."""

    def __init__(self, pod: Json, place: Place) -> None:
        self._pod, self._place = pod, place
        metadata, spec = pod["metadata"], pod["spec"]
        self.name, self.namespace, self.uid = metadata["name"], metadata["namespace"], metadata["uid"]
        self._address = place.addresses.take()
        self._folder = place.folder / self.uid
        self._sources = Sources(place.client, pod, self._address, place.address, place.server)
        around = Surroundings(
            self.name, place.images, self._sources, self._folder, loopback(self._address),
            spec.get("terminationGracePeriodSeconds", 30), place.second, self._changed, self._happened,
        )  # fmt: skip
        self.inits = [Container(container, around) for container in spec.get("initContainers", [])]
        self.containers = [Container(container, around) for container in spec["containers"]]
        self._status = Status(pod, self._address, place.address)
        self._dirty, self._ending = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._main = self._started(self._run())
        self._reporting = self._started(self._report())

    def container(self, name: str) -> Container | None:
        return next((container for container in (*self.inits, *self.containers) if container.name == name), None)

    @property
    def pids(self) -> list[int]:
        """Of the first processes of containers that run."""
        running = (container.process for container in (*self.inits, *self.containers))
        return [process.pid for process in running if process and process.is_running]

    def see(self, pod: Json) -> None:
        """Told of each change of it: somebody wants it to end, or has written into its status."""
        if "deletionTimestamp" in pod["metadata"]:
            grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
            if not self._ending.is_set():
                self._ending.set()
                self._started(self._end(grace))
            else:
                asyncio.get_running_loop().call_later(grace, self._kill_processes)
        elif self._status.differs(pod):
            self._changed()

    async def kill(self) -> None:
        """Ends everything at once and reports nothing, as where the node is gone or the pod has been deleted."""
        self._kill_processes()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        self._place.addresses.give_back(self._address)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _kill_processes(self) -> None:
        for container in (*self.inits, *self.containers):
            container.kill()

    async def _run(self) -> None:
        self._changed()
        policy = self._pod["spec"].get("restartPolicy", "Always")
        await self._mount()
        for container in self.inits:
            if not self._ending.is_set():
                await container.keep("Never" if policy == "Never" else "OnFailure")
        if not self._ending.is_set() and all(container.code == 0 for container in self.inits):
            await asyncio.gather(*(container.keep(policy) for container in self.containers))
        self._status.has_ended = True
        self._changed()

    async def _mount(self) -> None:
        """Waits until all volumes can be made."""
        for volume in self._pod["spec"].get("volumes", []):
            while not self._ending.is_set():
                try:
                    await self._sources.write(volume, self._folder / "volumes" / volume["name"])
                    break
                except Unresolved as error:
                    self._happened("FailedMount", f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}')
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._ending.wait(), self._place.second)

    async def _end(self, grace: float) -> None:
        self._happened("Killing", "Stopping containers")
        await asyncio.gather(*(container.end(grace) for container in (*self.inits, *self.containers)))
        await asyncio.wait({self._main})
        self._reporting.cancel()
        await self._tell()
        await self._retried(self._delete)

    async def _delete(self) -> None:
        await self._place.client.delete(core_v1.Pod, self.name, namespace=self.namespace, grace_period=0)

    def _changed(self) -> None:
        self._dirty.set()

    async def _report(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._tell()

    async def _tell(self) -> None:
        await self._retried(self._patch)

    async def _patch(self) -> None:
        status = self._status.of(self.inits, self.containers)
        body = {"metadata": {"uid": self.uid}, "status": status}
        kind = PatchType.STRATEGIC
        await self._place.client.patch(core_v1.PodStatus, self.name, body, namespace=self.namespace, patch_type=kind)

    async def _retried(self, call: Callable[[], Awaitable[None]]) -> None:
        """Until the API server has taken it, or says that the pod is not there or another one."""
        while True:
            try:
                await call()
                return
            except ApiError as error:
                if error.response.status_code in (404, 409):
                    return
                if error.response.status_code < 500:
                    raise
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(RETRY_SECONDS)

    def _happened(self, reason: str, message: str) -> None:
        now, kind = stamp(), "Normal" if reason in NORMAL else "Warning"
        whom = {"apiVersion": "v1", "kind": "Pod", "name": self.name, "namespace": self.namespace, "uid": self.uid}
        event = {
            "metadata": {"generateName": f"{self.name}.", "namespace": self.namespace}, "involvedObject": whom,
            "reason": reason, "message": message, "type": kind, "count": 1, "firstTimestamp": now,
            "lastTimestamp": now, "source": {"component": "kubelet", "host": self._place.node},
        }  # fmt: skip
        self._started(self._write(event))

    async def _write(self, event: Json) -> None:
        with suppress(httpx2.HTTPError):
            await self._place.client.create(made(core_v1.Event, event))

    def _started(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._place.errors.append(error)
