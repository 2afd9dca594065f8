"""What agents depend on: models, and the services of their tools.

An endpoint that was called lately has shown how it is; only one that was not is asked something, which costs nothing:
a model's endpoint for its list of models, a service for the head of its root.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx2

from mooring import spec
from mooring.runtime.core.circuit import Circuit
from mooring.runtime.watch.health.check import Check, Seen

LATELY = 60.0
"""Seconds a call speaks for its endpoint."""

FRESH = 10.0
"""Seconds an answer to a probe is kept."""


@dataclass(frozen=True)
class Dependency:
    """An endpoint with the circuits that guard calls of it, and a request that costs nothing there.

    `seconds` is the most that an answer may take.
    """

    name: str
    method: str
    url: str
    circuits: Sequence[Circuit]
    client: httpx2.AsyncClient
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def check(self) -> Check:
        """Of the endpoint."""
        most = self.seconds
        return Check("dependencies", self.name, self._look, threshold=most, patience=most, fresh=FRESH)

    async def _look(self) -> Seen:
        if self.circuits and all(circuit.state == "open" for circuit in self.circuits):
            opens = min(circuit.opens_in for circuit in self.circuits)
            return Seen(False, f"calls are stopped for {opens:.0f} s more", 0.0)
        return last_call(self.circuits, time.monotonic()) or await self._reached()

    async def _reached(self) -> Seen:
        """Whether it answers, and does not refuse us; what it says is of no interest."""
        try:
            request = self.client.build_request(self.method, self.url, headers=dict(self.headers))
            response = await self.client.send(request, stream=True)
            await response.aclose()
        except httpx2.HTTPError as error:
            return Seen(False, f"cannot be reached ({type(error).__name__})")
        status = response.status_code
        if status in (401, 403):
            return Seen(False, f"refuses our key (status {status})")
        return Seen(status < 500, "" if status < 500 else f"status {status}")


def last_call(circuits: Sequence[Circuit], now: float) -> Seen | None:
    """What the newest call of the last `LATELY` seconds said."""
    calls = [circuit.last for circuit in circuits if circuit.last and now - circuit.last.at < LATELY]
    if not calls:
        return None
    newest = max(calls, key=lambda call: call.at)
    return Seen(newest.well, "" if newest.well else "its last call failed", newest.seconds, now - newest.at)


def api(model: spec.Model, simulator: str | None, key: str | None) -> tuple[str, dict[str, str]]:
    """Where a model's API is, and the headers that open it."""
    if simulator is not None:
        return f"{simulator}/v1", {}
    url = model.base_url.rstrip("/")
    if model.api_type == "anthropic-messages":
        return f"{url.removesuffix('/v1')}/v1", {"anthropic-version": "2023-06-01"} | (
            {"x-api-key": key} if key else {}
        )
    return url, {"authorization": f"Bearer {key}"} if key else {}
