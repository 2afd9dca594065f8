"""One look at an environment in a cluster: its Service, its two Deployments, their pods and what these say."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS, Side
from mooring.rollout.target import Facts, SlotFacts, WorkerFacts
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.doors import Doors, together
from mooring.targets.kubernetes.pods import Pod, present
from mooring.targets.kubernetes.trouble import trouble

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api, Object

ANSWER = 2.0
"""Seconds that a pod has to say how it is."""

Counts = Mapping[str, Mapping[str, int]]
"""The counts of a slot's pods by their uid, as each said them now."""

Count = Callable[[str, Counts], dict[str, int]]
"""The totals of a slot over all pods it ever had, given the counts of those that answer."""


def annotations(thing: "Object | None") -> dict[str, str]:
    """Those of an object, none for one that is not there."""
    return dict(((thing or {}).get("metadata") or {}).get("annotations") or {})


@dataclass
class Seen:
    """Objects as they were read, by slot. `service` is None where there is none."""

    environment: str
    service: "Object | None"
    deployments: dict[str, "Object"]
    pods: dict[str, list[Pod]] = field(default_factory=dict)

    @property
    def token(self) -> int:
        """The newest fencing token that the Service was shown."""
        return int(annotations(self.service).get(names.TOKEN, 0))

    @property
    def slot(self) -> str | None:
        """The slot that the Service selects."""
        selector = ((self.service or {}).get("spec") or {}).get("selector") or {}
        chosen = selector.get(names.SLOT)
        return chosen if chosen in SLOTS else None

    @property
    def live(self) -> Side | None:
        """The slot that has the traffic, and the release it was given."""
        slot = self.slot
        digest = self.digest(slot) if slot else None
        return Side(slot, digest) if slot and digest else None

    @property
    def down(self) -> bool:
        """Whether its pods were stopped on purpose."""
        return names.DOWN in annotations(self.service)

    def digest(self, slot: str) -> str | None:
        """The release that a slot was given."""
        return annotations(self.deployments.get(slot)).get(names.DIGEST)

    def wanted(self, slot: str) -> int:
        """The pods that a slot is to have."""
        spec = self.deployments.get(slot, {}).get("spec") or {}
        return int(spec.get("replicas", 1)) if slot in self.deployments else 0

    def ready(self, slot: str) -> list[Pod]:
        """The pods of a slot that are ready with its release."""
        release = names.short(self.digest(slot) or "")
        return [pod for pod in self.pods.get(slot, ()) if pod.ready and pod.release == release]


def ours(service: "Object | None", environment: str, namespace: str) -> None:
    """Refused(OCCUPIED) when a Service of the environment's name is somebody else's."""
    if service is None:
        return
    labels = service["metadata"].get("labels") or {}
    if labels.get(names.PART_OF) == names.MANAGER and labels.get(names.ENVIRONMENT) == environment:
        return
    holders = sorted({one.get("manager", "") for one in service["metadata"].get("managedFields") or ()} - {""})
    whose = f", made by {', '.join(holders)}" if holders else ""
    what = f"namespace {namespace} has a Service {names.service(environment)} that is not ours{whose}"
    raise Refused(Reason.OCCUPIED, what, "rename the environment, or use a namespace of its own")


def see(api: "Api", environment: str) -> Seen:
    """What the API server has of an environment, read at once."""
    service, deployments, pods = together(
        [
            partial(api.get, "Service", names.service(environment)),
            partial(api.list, "Deployment", names.labels(environment)),
            partial(api.list, "Pod", f"{names.labels(environment)},{names.SLOT}"),
        ]
    )
    ours(service, environment, api.namespace)  # type: ignore[arg-type]
    named = {(one["metadata"].get("labels") or {}).get(names.SLOT): one for one in deployments or ()}  # type: ignore[union-attr]
    by_slot = {slot: named[slot] for slot in SLOTS if slot in named}
    found = present(pods or ())  # type: ignore[arg-type]
    return Seen(environment, service, by_slot, {slot: [pod for pod in found if pod.slot == slot] for slot in SLOTS})  # type: ignore[arg-type]


def running(api: "Api", environment: str) -> Seen:
    """As `see`. Failed(NOT_RUNNING) when it was never brought up, or was stopped."""
    seen = see(api, environment)
    if seen.service is None or seen.down:
        what = f"{environment} is not running in namespace {api.namespace}"
        raise Failed(Reason.NOT_RUNNING, what, f"moor up {environment}")
    return seen


def facts(api: "Api", doors: Doors, seen: Seen, count: Count, machine: str) -> Facts:
    """Who has the traffic, and both slots with what their pods say of themselves."""
    pods = [pod for slot in SLOTS for pod in seen.pods.get(slot, ())]
    said = doors.each([pod.name for pod in pods if not pod.lasting and pod.node], "GET /health", ANSWER) if pods else {}
    slots = {slot: _slot(api, seen, slot, said, count) for slot in SLOTS}
    return Facts(seen.live, slots, seen.token, machine)


def _slot(api: "Api", seen: Seen, slot: str, said: Mapping[str, Any], count: Count) -> SlotFacts:
    pods, digest = seen.pods.get(slot, []), seen.digest(slot)
    if digest is None:
        return SlotFacts(totals=count(slot, {}))
    live, release = seen.slot == slot, names.short(digest)
    mine = [pod for pod in pods if pod.release == release]
    workers = tuple(_worker(number, pod, said.get(pod.name), live) for number, pod in enumerate(mine, 1))
    answers = {pod.uid: said[pod.name].get("counts") or {} for pod in pods if pod.name in said}
    enough, wanted = seen.ready(slot), seen.wanted(slot)
    needed = math.ceil(wanted / 2) if live else wanted
    reasons = _reasons(api, seen, slot, mine, said, wanted - len(enough))
    first = said.get(mine[0].name, {}) if mine else {}
    return SlotFacts(
        digest=digest,
        ready=wanted > 0 and len(enough) >= needed,
        reasons=reasons,
        accepting=live and bool(enough),
        totals=count(slot, answers),
        in_flight=sum(said.get(pod.name, {}).get("in_flight", 0) for pod in pods),
        restarts=max(0, sum(pod.restarts for pod in mine) - _before(seen, slot, release)),
        rss=sum(worker.rss for worker in workers),
        runtime=first.get("runtime") or {},
        workers=workers,
    )


def _before(seen: Seen, slot: str, release: str) -> int:
    """The restarts that its containers had when it was given the traffic."""
    counted, _, of = annotations(seen.deployments.get(slot)).get(names.RESTARTS, "0").partition(" ")
    return int(counted) if of == release else 0


def _worker(number: int, pod: Pod, said: Mapping[str, Any] | None, live: bool) -> WorkerFacts:
    told = said or {}
    return WorkerFacts(
        number=number,
        pid=None,
        ready=pod.ready,
        accepting=live and pod.ready,
        in_flight=int(told.get("in_flight", 0)),
        restarts=pod.restarts,
        rss=int(told.get("rss") or 0),
        pod=pod.name,
    )


def _reasons(
    api: "Api", seen: Seen, slot: str, mine: Sequence[Pod], said: Mapping[str, Any], missing: int
) -> tuple[str, ...]:
    """Why a slot has fewer pods than it is to have; what several pods say is said once."""
    if missing <= 0:
        return ()
    if seen.wanted(slot) == 0:
        return ("it was scaled to 0; going back to it takes as long as its pods take to start",)
    found: dict[str, list[str]] = {}
    for pod in mine:
        if not pod.ready:
            own = "; ".join(said.get(pod.name, {}).get("reasons") or ()) if not pod.lasting else ""
            found.setdefault(own or pod.why or "not ready", []).append(pod.name)
    told = [f"{why} ({_called(pods)})" for why, pods in found.items()]
    if len(mine) < seen.wanted(slot):
        told += trouble(api, seen.environment, slot, names.short(seen.digest(slot) or ""))
    return tuple(told) or (f"{missing} of {seen.wanted(slot)} pods are missing",)


def _called(pods: Sequence[str]) -> str:
    return pods[0] if len(pods) == 1 else f"{pods[0]} and {len(pods) - 1} more"
