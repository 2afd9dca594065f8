"""Startup, readiness and liveness probes, and the hooks that containers have for their end."""

import asyncio
import functools
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from tests.cluster.process import Process

Json = dict[str, Any]
Told = Callable[[bool], None]
HEARD_SECONDS = 0.25
PROBE, HOOK = ({"User-Agent": f"{name}/1.36"} for name in ("kube-probe", "kube-lifecycle"))


class Checker:
    """Carries out what probes and hooks of a container ask for, on its pod's loopback address."""

    def __init__(self, address: str, container: Json, headers: Mapping[str, str] = PROBE) -> None:
        self._address, self._headers = address, dict(headers)
        self._ports = {port["name"]: port["containerPort"] for port in container.get("ports", []) if "name" in port}

    async def passes(self, what: Json, process: Process) -> bool:
        """Whether a probe or hook succeeds, however long it takes."""
        try:
            if "httpGet" in what:
                return await self._get(what["httpGet"])
            if "tcpSocket" in what:
                _, writer = await asyncio.open_connection(self._address, self._port(what["tcpSocket"]["port"]))
                writer.close()
                return True
            if "exec" in what:
                return await process.execute(what["exec"]["command"]) == 0
        except (OSError, httpx2.HTTPError):
            return False
        if "sleep" in what:
            await asyncio.sleep(what["sleep"]["seconds"])
            return True
        raise AssertionError(f"the stand-in cannot probe by {', '.join(what)}")

    async def _get(self, action: Json) -> bool:
        """A status from 200 to 399 is a success. Source: `DoHTTPProbe` of k8s.io/kubernetes/pkg/probe/http."""
        scheme, path = action.get("scheme", "HTTP").lower(), action.get("path", "/")
        url = f"{scheme}://{action.get('host') or self._address}:{self._port(action['port'])}/{path.removeprefix('/')}"
        headers = self._headers | {header["name"]: header["value"] for header in action.get("httpHeaders", [])}
        async with httpx2.AsyncClient(verify=_nobody(), trust_env=False, timeout=None) as client:
            answer = await client.get(url, headers={"Connection": "close", **headers})
        return 200 <= answer.status_code < 400

    def _port(self, port: int | str) -> int:
        return self._ports[port] if isinstance(port, str) else port


class Probes:
    """Those of a container, for one process at a time. A kind that it does not have is never told."""

    def __init__(self, container: Json, checker: Checker, second: float) -> None:
        self._container, self._checker, self._second = container, checker, second

    def has(self, kind: str) -> bool:
        return f"{kind}Probe" in self._container

    async def run(self, process: Process, told: Mapping[str, Told]) -> None:
        """Tells `startup` until that has passed; from then on `readiness` and `liveness`, until it is cancelled."""
        if self.has("startup"):
            await self._probe("startup", process, told["startup"], until_passed=True)
        kinds = [kind for kind in ("readiness", "liveness") if self.has(kind)]
        await asyncio.gather(*(self._probe(kind, process, told[kind]) for kind in kinds))

    async def _probe(self, kind: str, process: Process, told: Told, until_passed: bool = False) -> None:
        """Tells each result that the thresholds let through.

        It looks every period of seconds that last `second` seconds, so that tests need not wait. A failure takes the
        real seconds that it would take, since a loaded machine is slow in those.
        """
        spec = self._container[f"{kind}Probe"]
        delay, period = spec.get("initialDelaySeconds", 0), spec.get("periodSeconds", 10)
        needed = {True: spec.get("successThreshold", 1), False: spec.get("failureThreshold", 3)}
        clock = asyncio.get_running_loop().time
        began = since = clock()
        await asyncio.sleep(delay * self._second)
        last, times = None, 0
        while True:
            passed = await self._passes(spec, process)
            if passed is not last:
                last, times, since = passed, 0, max(clock(), began + delay)
            times += 1
            if times >= needed[passed] and (passed or clock() >= since + (needed[False] - 1) * period):
                told(passed)
                if passed and until_passed:
                    return
            await asyncio.sleep(period * self._second)

    async def _passes(self, spec: Json, process: Process) -> bool:
        """Whether it succeeds in time. What came in time is heard also where this loop was held up meanwhile: a
        kubelet shares its processor with nobody's tests."""
        checking = asyncio.create_task(self._checker.passes(spec, process))
        try:
            for seconds in (spec.get("timeoutSeconds", 1), HEARD_SECONDS):
                await asyncio.wait({checking}, timeout=seconds)
            return checking.done() and checking.result()
        finally:
            checking.cancel()


@functools.cache
def _nobody() -> ssl.SSLContext:
    """Trusts every certificate, as probes do. To make one takes 7 ms, in which nothing else happens in this loop."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
