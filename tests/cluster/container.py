"""A container of a pod: pulled, run, probed, restarted, stopped, and what its status says of that."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.images import Image
from tests.cluster.probes import HOOK, Checker, Probes
from tests.cluster.process import Process
from tests.cluster.sources import Unresolved
from tests.cluster.surroundings import Surroundings

Json = dict[str, Any]
BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, RESET_SECONDS = 10, 300, 600
"""Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy"""
LEAST_SECONDS = 2
"""What a process gets after SIGTERM however long its hook took: `minimumGracePeriodInSeconds` of the kubelet."""


class Ended(Exception):
    """A container was to end before it ran."""


@dataclass
class Container:
    """`keep` runs it, again and again; `status` can be read at any time."""

    spec: Json
    around: Surroundings
    ready: bool = False
    started: bool = False
    restarts: int = 0
    state: Json = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last: Json = field(default_factory=dict)
    process: Process | None = None
    logs: list[Path] = field(default_factory=list)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.name: str = self.spec["name"]
        self._hooks = Checker(self.around.address, self.spec, HOOK)
        self._probes = Probes(self.spec, Checker(self.around.address, self.spec), self.around.second)

    @property
    def status(self) -> Json:
        """As `containerStatuses` of a pod has it."""
        found = {"name": self.name, "image": self.spec["image"], "imageID": "", "restartCount": self.restarts}
        found |= {"ready": self.ready, "started": self.started, "state": self.state, "lastState": self.last}
        return found | ({"containerID": self.process.identity, "imageID": self.spec["image"]} if self.process else {})

    @property
    def code(self) -> int | None:
        """The exit code, while it has ended and was not started again."""
        code: int | None = self.state.get("terminated", {}).get("exitCode")
        return code

    async def keep(self, policy: str) -> None:
        """Runs it as often as a restart policy wants. The first restart is at once, later ones after a back-off."""
        with suppress(Ended):
            await self._keep(policy)

    async def _keep(self, policy: str) -> None:
        clock = asyncio.get_running_loop().time
        pause = 0
        while True:
            began = clock()
            await self._run()
            if self._ending.is_set() or policy == "Never" or (policy == "OnFailure" and self.code == 0):
                return
            if clock() - began >= RESET_SECONDS * self.around.second:
                pause = 0
            self.last = self.state
            if pause:
                await self._back_off(pause)
            pause = min(pause * 2, LONGEST_BACKOFF_SECONDS) or BACKOFF_SECONDS
            self.restarts += 1

    async def end(self, grace: float) -> None:
        """Stops it for good."""
        self._ending.set()
        await self._stop(grace)

    def kill(self) -> None:
        self._ending.set()
        if self.process:
            self.process.kill()

    async def _stop(self, grace: float) -> None:
        """Runs its hook, sends SIGTERM, and SIGKILL when `grace` seconds are over."""
        process = self.process
        if not process or not process.is_running:
            return
        began = asyncio.get_running_loop().time()
        least = 0.0
        if hook := self.spec.get("lifecycle", {}).get("preStop"):
            least = LEAST_SECONDS
            await self._run_hook(hook, process, grace)
        process.signal(signal.SIGTERM)
        remaining = began + grace - asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), max(remaining, least))
        process.kill()
        await process.wait()

    async def _run_hook(self, hook: Json, process: Process, grace: float) -> None:
        try:
            passed = await asyncio.wait_for(self._hooks.passes(hook, process), grace)
        except TimeoutError:
            passed = False
        if not passed:
            self.around.happened("FailedPreStopHook", f"PreStopHook of container {self.name} failed")

    async def _run(self) -> None:
        """One life of it, from its image to its end."""
        image = await self._pulled()
        process = self.process = await self._prepared(image)
        await self._pause(0)
        await process.start()
        self.logs.append(process.log)
        self.started = not self._probes.has("startup")
        self.ready = self.started and not self._probes.has("readiness")
        self._set({"running": {"startedAt": process.started}})
        told = {"startup": self._startup, "readiness": self._readiness, "liveness": self._liveness}
        probing = asyncio.create_task(self._probes.run(process, told))
        try:
            await process.wait()
        finally:
            probing.cancel()
            process.kill()
        self.ready = self.started = False
        from_log = self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        self._set({"terminated": process.terminated(from_log)})

    async def _pulled(self) -> Image:
        """Waits until its image can be pulled."""
        name, pause = self.spec["image"], BACKOFF_SECONDS
        while name not in self.around.images:
            self.around.happened("Failed", f'Failed to pull image "{name}": not found')
            self._wait("ErrImagePull", f'failed to pull and unpack image "{name}": not found')
            await self._pause(self.around.second)
            self._wait("ImagePullBackOff", f'Back-off pulling image "{name}": ErrImagePull: not found')
            await self._pause(pause * self.around.second)
            pause = min(pause * 2, LONGEST_BACKOFF_SECONDS)
        return self.around.images[name]

    async def _prepared(self, image: Image) -> Process:
        """Waits until everything is there that it names."""
        while True:
            try:
                return await self.around.prepare(self.spec, image, len(self.logs))
            except Unresolved as error:
                self._wait("CreateContainerConfigError", str(error))
                await self._pause(self.around.second)

    async def _back_off(self, pause: float) -> None:
        text = f"restarting failed container={self.name} pod={self.around.pod}"
        self.around.happened("BackOff", f"Back-off {text}")
        self._wait("CrashLoopBackOff", f"back-off {pause}s {text}")
        await self._pause(pause * self.around.second)

    def _startup(self, passed: bool) -> None:
        if passed:
            self.started = True
            self.ready = not self._probes.has("readiness")
            self.around.changed()
        else:
            self._unhealthy("startup")

    def _readiness(self, passed: bool) -> None:
        if passed is not self.ready:
            self.ready = passed
            if not passed:
                self.around.happened("Unhealthy", f"Readiness probe of container {self.name} failed")
            self.around.changed()

    def _liveness(self, passed: bool) -> None:
        if not passed:
            self._unhealthy("liveness")

    def _unhealthy(self, kind: str) -> None:
        """Stops a process whose probe has failed too often; whatever keeps the container starts it again."""
        if not self._ending.is_set() and (self._stopping is None or self._stopping.done()):
            self.around.happened("Killing", f"Container {self.name} failed {kind} probe, will be restarted")
            self._stopping = asyncio.create_task(self._stop(self.around.grace))

    async def _pause(self, seconds: float) -> None:
        """Raises Ended as soon as it is to end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)
        if self._ending.is_set():
            raise Ended

    def _wait(self, reason: str, message: str) -> None:
        self._set({"waiting": {"reason": reason, "message": message}})

    def _set(self, state: Json) -> None:
        self.state = state
        self.around.changed()
