"""Traffic to a Service as kube-proxy would carry it: each new connection goes to an endpoint, open ones stay."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Self

import httpx2
from lightkube import AsyncClient, KubeConfig
from lightkube.core.client import LabelValue
from lightkube.resources.discovery_v1 import EndpointSlice

from tests.cluster.addresses import Ends, Held, join, loopback
from tests.cluster.control_plane import ControlPlane

Json = dict[str, Any]
RETRY_SECONDS = 0.1


class Endpoint(NamedTuple):
    """Of a Service, as EndpointSlices have it; `pod` is a name."""

    address: str
    port: int
    pod: str


class Update(NamedTuple):
    """What came when; `at` is in seconds of `time.monotonic`."""

    at: float
    endpoints: frozenset[Endpoint]


class Router:
    """Listens on a port of loopback while its context lasts, and follows the EndpointSlices of a Service.

    `updates` grows with each change of the endpoints. A connection for which there is none is reset, and counted in
    `refused`, as is one whose endpoint does not take it. Source for the choice: `CategorizeEndpoints` of
    k8s.io/kubernetes/pkg/proxy: those that end are taken only where no other is ready.
    """

    def __init__(self, control_plane: ControlPlane, namespace: str, service: str, port: str | None = None) -> None:
        self._plane, self._namespace, self._service, self._port = control_plane, namespace, service, port
        self._slices: dict[str, Json] = {}
        self._connections = Held(self._forward)
        self.updates: list[Update] = []
        self.forwarded = self.refused = 0
        self.url = ""

    def __enter__(self) -> Self:
        self._plane.background.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._plane.background.run(self._stop())

    @property
    def endpoints(self) -> frozenset[Endpoint]:
        """Where new connections go to."""
        return self.updates[-1].endpoints

    async def _start(self) -> None:
        config = KubeConfig.from_file(self._plane.kubeconfig)
        self._client = AsyncClient(config, trust_env=False)
        self._note()
        listed = asyncio.Event()
        self._following = asyncio.create_task(self._follow(listed))
        await listed.wait()
        self._server = await asyncio.start_server(self._connections, "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _stop(self) -> None:
        """Cuts connections that are open still."""
        self._server.close()
        self._following.cancel()
        await asyncio.wait({self._following})
        await self._connections.end()
        await self._client.aclose()

    async def _follow(self, listed: asyncio.Event) -> None:
        while True:
            with suppress(httpx2.HTTPError):
                await self._watch(listed)
            await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self, listed: asyncio.Event) -> None:
        labels: dict[str, LabelValue] = {"kubernetes.io/service-name": self._service}
        found = self._client.list(EndpointSlice, namespace=self._namespace, labels=labels)
        objects = [one.to_dict() async for one in found]
        self._slices = {one["metadata"]["name"]: one for one in objects}
        self._note()
        listed.set()
        changes = self._client.watch(
            EndpointSlice, namespace=self._namespace, labels=labels, resource_version=found.resourceVersion
        )
        async for kind, change in changes:
            one = change.to_dict()
            if kind == "DELETED":
                self._slices.pop(one["metadata"]["name"], None)
            else:
                self._slices[one["metadata"]["name"]] = one
            self._note()

    def _note(self) -> None:
        found = frozenset(chosen(list(self._slices.values()), self._port))
        if not self.updates or found != self.updates[-1].endpoints:
            self.updates.append(Update(time.monotonic(), found))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoints = list(self.endpoints)
        try:
            endpoint = random.choice(endpoints)
            other: Ends = await asyncio.open_connection(loopback(endpoint.address), endpoint.port)
        except (IndexError, OSError):
            self.refused += 1
            writer.transport.abort()
            return
        self.forwarded += 1
        await join((reader, writer), other)


def chosen(slices: Sequence[Mapping[str, Any]], port: str | None) -> list[Endpoint]:
    """Endpoints that take new connections: those that are ready, else those that end and serve still."""
    ready, ending = [], []
    for one in slices:
        ports = [found["port"] for found in one.get("ports", []) if port in (None, found.get("name", ""))]
        for endpoint in one.get("endpoints", []) if ports else []:
            conditions = endpoint.get("conditions", {})
            found = Endpoint(endpoint["addresses"][0], ports[0], endpoint.get("targetRef", {}).get("name", ""))
            if conditions.get("ready", True):
                ready.append(found)
            elif conditions.get("serving") and conditions.get("terminating"):
                ending.append(found)
    return ready or ending
