"""Gives the monitor beside a keeper doors to all pods, as it has them to the workers of a slot on one machine.

The monitor asks whoever has a private socket in a folder. Here each pod has one, behind which the keeper asks the pod's
admin door. Pods are found by their rows in the database.
"""

import asyncio
import logging
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring import private
from mooring.rollout.state import SLOTS
from mooring.rollout.target import LOST
from mooring.runtime.process import unix_http
from mooring.runtime.watch import last_figures
from mooring.state.records import pods
from mooring.state.records.pods import GONE_SECONDS, Pod
from mooring.targets.host import folders
from mooring.targets.host.tallies import Tallies
from mooring.targets.kubernetes.names import ADMIN_HEADER

if TYPE_CHECKING:
    import httpx2

ANSWER = 1.5
"""Seconds that a pod has: a little less than the monitor waits."""

log = logging.getLogger("mooring.keeper")


@dataclass(slots=True)
class _Door:
    """`number` is what the monitor calls the pod; `last` what it said last, for a moment in which it says nothing."""

    pod: Pod
    number: int
    server: asyncio.Server
    last: dict[str, Any] = field(default_factory=dict)


class PodDoors:
    """Of one environment. `state` is the keeper's folder."""

    def __init__(self, state: Path, token: str) -> None:
        self._state, self._token = state, token
        self._doors: dict[str, _Door] = {}
        self._client: httpx2.AsyncClient | None = None
        self._tallies = Tallies(since=1.0)

    async def open(self) -> None:
        """Opens the door that a supervisor would have."""
        import httpx2

        self._client = httpx2.AsyncClient(trust_env=False, timeout=ANSWER)
        for path in folders.doors(self._state).glob("*"):
            path.unlink(missing_ok=True)  # of a keeper before, in the same pod
        await unix_http.serve(folders.control(self._state), {"GET /figures": lambda _body: self._own()})

    async def close(self) -> None:
        for row in list(self._doors):
            self._shut(row)
        if self._client:
            await self._client.aclose()

    async def refresh(self, rows: Iterable[Pod], now: float, switches: int) -> None:
        """One door for each pod that lives; of one that is gone, the monitor is left its last counts."""
        known = {pod.id: pod for pod in rows}
        living = {row: pod for row, pod in known.items() if pod.ended is None and now - pod.beat < GONE_SECONDS}
        for row in [row for row in self._doors if row not in living]:
            self._leave(self._shut(row), known.get(row))
        for row, pod in living.items():
            if row in self._doors:
                self._doors[row].pod = pod
            else:
                await self._let_in(pod)
        self._tallies.switches = switches
        for slot, found in pods.totals(known.values(), now).items():
            if slot in SLOTS:  # what a pod lost that was merely silent may be taken back, a counter never
                self._tallies.lost[slot] = max(self._tallies.lost[slot], found.counts[LOST])

    async def _let_in(self, pod: Pod) -> None:
        taken = {door.number for door in self._doors.values() if door.pod.slot == pod.slot}
        number = next(each for each in range(1, len(taken) + 2) if each not in taken)
        path = folders.admin(self._state, pod.slot, number)
        path.unlink(missing_ok=True)
        server = await unix_http.serve(path, {"GET /figures": lambda body: self._figures(pod.id, body)})
        private.file(path.with_suffix(".fd"))
        self._doors[pod.id] = _Door(pod, number, server)

    def _shut(self, row: str) -> _Door:
        door = self._doors.pop(row)
        door.server.close()
        path = folders.admin(self._state, door.pod.slot, door.number)
        for each in (path, path.with_suffix(".fd")):
            each.unlink(missing_ok=True)
        return door

    def _leave(self, door: _Door, row: Pod | None) -> None:
        """What it had counted in the end; what was lost with it is told as in flight, as by a supervisor."""
        if not door.last:
            return
        pod = (row or door.pod).over()
        told = {name: door.last[name] for name in ("slot", "worker", "pid", "began", "digest")}
        try:
            last_figures.leave(self._state, told | {"counts": pod.counts | {"in_flight": pod.lost}})
        except OSError as error:
            log.warning("cannot leave the counts of %s: %s", pod.pod, error.strerror)

    async def _figures(self, row: str, body: Mapping[str, Any]) -> dict[str, Any]:
        door = self._doors[row]
        try:
            said = await self._ask(door.pod, body)
        except (OSError, ValueError) as error:
            log.info("%s does not answer: %s", door.pod.pod, error)
            if not door.last:
                raise ConnectionError(f"{door.pod.pod} does not answer") from None
            return door.last
        door.last = said | {"worker": door.number, "pid": number_of(door.pod.id)}
        return door.last

    async def _ask(self, pod: Pod, body: Mapping[str, Any]) -> dict[str, Any]:
        """Raises OSError or ValueError when there is no answer that can be read."""
        import httpx2

        if self._client is None:
            raise ConnectionError("the keeper is ending")
        headers = {ADMIN_HEADER: self._token}
        try:
            url = f"http://{pod.admin}/figures"
            answer = await self._client.request("GET", url, json=dict(body), headers=headers)
        except httpx2.HTTPError as error:
            raise ConnectionError(str(error) or type(error).__name__) from None
        if answer.status_code != 200:
            raise ConnectionError(f"status {answer.status_code}")
        return dict(answer.json())

    def _own(self) -> dict[str, Any]:
        """What a supervisor would have counted, and how many pods each slot has."""
        workers = {slot: sum(door.pod.slot == slot for door in self._doors.values()) for slot in SLOTS}
        return {**self._tallies.figures(), "supervisor": os.getpid(), "workers": workers}


def number_of(row: str) -> int:
    """Stands for a process id, which is 1 in most pods: beyond those that this machine has."""
    return 1 << 30 | zlib.crc32(row.encode()) & 0x3FFFFFFF
