"""One look at an environment in a cluster: its Service, its two Deployments, their pods and what these say."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS, Side
from mooring.rollout.target import Facts, SlotFacts, WorkerFacts
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.doors import Doors
from mooring.targets.kubernetes.pods import Pod, in_order
from mooring.targets.kubernetes.trouble import trouble

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api, Object

ANSWER = 2.0
"""Seconds that a pod has to say how it is."""

Said = Mapping[str, Mapping[str, Any]]
"""What pods say of themselves, by name."""

Sums = Callable[[Iterable[Mapping[str, Any]], Iterable[str]], Mapping[str, dict[str, int]]]
"""The totals of slots over all pods they ever had, given what pods say now and the uids of those that are there."""


def annotations(thing: "Object | None") -> dict[str, str]:
    """Those of an object, none for one that is not there."""
    return dict(((thing or {}).get("metadata") or {}).get("annotations") or {})


@dataclass
class Seen:
    """Objects as they were read, by slot. `service` is None where there is none. `pods` are also those that end."""

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

    def having(self, slot: str) -> list[Pod]:
        """The pods of a slot that are there to stay, with its release."""
        release = names.short(self.digest(slot) or "")
        return [pod for pod in self.pods.get(slot, ()) if pod.release == release and not pod.ending]

    def ready(self, slot: str) -> list[Pod]:
        """Those of them that are ready."""
        return [pod for pod in self.having(slot) if pod.ready]


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


def listed(api: "Api", environment: str) -> list[Pod]:
    """The pods of its slots, also those that end; the oldest first."""
    return in_order(api.list("Pod", f"{names.labels(environment)},{names.SLOT}"))


def see(api: "Api", environment: str) -> Seen:
    """What the API server has of an environment, read at once."""
    with ThreadPoolExecutor(2) as pool:
        deployed = pool.submit(api.list, "Deployment", names.labels(environment))
        there = pool.submit(listed, api, environment)
        service = api.get("Service", names.service(environment))
        deployments, found = deployed.result(), there.result()
    ours(service, environment, api.namespace)
    named = {(one["metadata"].get("labels") or {}).get(names.SLOT): one for one in deployments}
    by_slot = {slot: named[slot] for slot in SLOTS if slot in named}
    return Seen(environment, service, by_slot, {slot: [pod for pod in found if pod.slot == slot] for slot in SLOTS})


def running(api: "Api", environment: str) -> Seen:
    """As `see`. Failed(NOT_RUNNING) when it was never brought up, or was stopped."""
    seen = see(api, environment)
    if seen.service is None or seen.down:
        what = f"{environment} is not running in namespace {api.namespace}"
        raise Failed(Reason.NOT_RUNNING, what, f"moor up {environment}")
    return seen


def facts(api: "Api", doors: Doors, seen: Seen, sums: Sums, machine: str, scaler: "Object | None" = None) -> Facts:
    """Who has the traffic, and both slots with what their pods say of themselves; `scaler` is the live one's."""
    pods = [pod for slot in SLOTS for pod in seen.pods.get(slot, ())]
    said = doors.each([pod.name for pod in pods if pod.node and not pod.lasting], "GET /health", ANSWER) if pods else {}
    counted = sums(said.values(), [pod.uid for pod in pods])
    slots = {
        slot: _slot(api, seen, slot, said, counted.get(slot, {}), scaler if slot == seen.slot else None)
        for slot in SLOTS
    }
    return Facts(seen.live, slots, seen.token, machine)


def _slot(api: "Api", seen: Seen, slot: str, said: Said, totals: dict[str, int], scaler: "Object | None") -> SlotFacts:
    digest = seen.digest(slot)
    in_flight = sum(said.get(pod.name, {}).get("in_flight", 0) for pod in seen.pods.get(slot, ()))
    if digest is None:
        return SlotFacts(totals=totals, in_flight=in_flight)
    live, mine, ready = seen.slot == slot, seen.having(slot), len(seen.ready(slot))
    workers = tuple(_worker(number, pod, said.get(pod.name, {}), live) for number, pod in enumerate(mine, 1))
    wanted = seen.wanted(slot)
    first = said.get(mine[0].name, {}) if mine else {}
    return SlotFacts(
        digest=digest,
        ready=wanted > 0 and ready >= (math.ceil((wanted - _added(seen, slot, scaler)) / 2) if live else wanted),
        reasons=(*_reasons(api, seen, slot, said, wanted - ready), *_unscaled(scaler)),
        accepting=live and ready > 0,
        totals=totals,
        in_flight=in_flight,
        restarts=max(0, sum(pod.restarts for pod in mine) - _before(seen, slot)),
        rss=sum(worker.rss for worker in workers),
        runtime=first.get("runtime") or {},
        workers=workers,
    )


def _added(seen: Seen, slot: str, scaler: "Object | None") -> int:
    """Pods that load has added to a slot and that start for the first time: nothing is wrong without them yet."""
    if scaler is None:
        return 0
    mine, wanted = seen.having(slot), seen.wanted(slot)
    starting = sum(not (pod.ready or pod.lasting or pod.restarts) for pod in mine) + max(0, wanted - len(mine))
    return min(starting, max(0, wanted - int(scaler["spec"].get("minReplicas", 1))))


def _unscaled(scaler: "Object | None") -> tuple[str, ...]:
    """Why an autoscaler cannot do its work, such as for want of metrics.

    Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough/#appendix-horizontal-pod-autoscaler-status-conditions
    """
    conditions = ((scaler or {}).get("status") or {}).get("conditions") or ()
    return tuple(
        f"no pods are added under load: {one.get('message') or one.get('reason')}"
        for one in conditions
        if one["type"] in ("AbleToScale", "ScalingActive") and one["status"] == "False"
    )


def _before(seen: Seen, slot: str) -> int:
    """The restarts that the containers of its release had when it was given the traffic."""
    counted, _, of = annotations(seen.deployments.get(slot)).get(names.RESTARTS, "0").partition(" ")
    return int(counted) if of == names.short(seen.digest(slot) or "") else 0


def _worker(number: int, pod: Pod, said: Mapping[str, Any], live: bool) -> WorkerFacts:
    return WorkerFacts(
        number=number,
        pid=None,
        ready=pod.ready,
        accepting=live and pod.ready,
        in_flight=int(said.get("in_flight", 0)),
        restarts=pod.restarts,
        rss=int(said.get("rss") or 0),
        pod=pod.name,
    )


def _reasons(api: "Api", seen: Seen, slot: str, said: Said, missing: int) -> tuple[str, ...]:
    """Why a slot has fewer pods than it is to have; what several pods say is said once."""
    if seen.wanted(slot) == 0:
        return ("it was scaled to 0; going back to it takes as long as its pods take to start",)
    if missing <= 0:
        serving = seen.wanted(seen.slot) if seen.slot else 0
        short = seen.wanted(slot) < serving
        return (
            (f"{seen.wanted(slot)} of {serving} pods; a switch waits until the others have started",) if short else ()
        )
    mine, found = seen.having(slot), dict[str, list[str]]()
    for pod in (pod for pod in mine if not pod.ready):
        health = said.get(pod.name, {})
        own = "" if pod.lasting or health.get("ready", True) else "; ".join(health.get("reasons") or ())
        found.setdefault(own or pod.why or "not ready", []).append(pod.name)
    told = [f"{why} ({_called(pods)})" for why, pods in found.items()]
    if len(mine) < seen.wanted(slot):
        told += trouble(api, seen.environment, slot, names.short(seen.digest(slot) or ""))
    return tuple(told) or (f"{missing} of {seen.wanted(slot)} pods are missing",)


def _called(pods: Sequence[str]) -> str:
    return pods[0] if len(pods) == 1 else f"{pods[0]} and {len(pods) - 1} more"
