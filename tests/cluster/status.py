"""What a pod's status says of its containers. Source: `generateAPIPodStatus` of k8s.io/kubernetes/pkg/kubelet."""

from collections.abc import Sequence
from typing import Any

from tests.cluster.container import Container
from tests.cluster.process import stamp

Json = dict[str, Any]

REPLACED = {"$patch": "replace"}
"""In a list of a strategic merge patch: no address of an earlier start stays in it."""


class Status:
    """Of one pod; remembers when its conditions changed. `has_ended` once no container is to be started again."""

    def __init__(self, pod: Json, address: str, host: str) -> None:
        self._gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates", [])]
        self._pod, self._conditions = pod, dict[str, Json]()
        self._places = {
            "podIP": address,
            "podIPs": [{"ip": address}, REPLACED],
            "hostIP": host,
            "hostIPs": [{"ip": host}],
        }
        self._since = stamp()
        self.has_ended = False

    def differs(self, pod: Json) -> bool:
        """Whether somebody else has changed what is ours to say, or a gate that we look at."""
        self._pod = pod
        ready = self._conditions.get("Ready", {}).get("status")
        gates = all(self._condition(gate) == "True" for gate in self._gates)
        theirs = self._condition("Ready")
        return theirs is not None and (theirs != ready or (bool(self._gates) and gates is not (ready == "True")))

    def of(self, inits: Sequence[Container], containers: Sequence[Container]) -> Json:
        """For a strategic merge patch, which leaves alone what others say in it."""
        initialized = self._is_initialized(inits)
        unready = [container.name for container in containers if not container.ready]
        phase = self._phase(inits, containers)
        completed = phase == "Succeeded"
        reason = "PodCompleted" if completed else "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
        gated = all(self._condition(gate) == "True" for gate in self._gates)
        self._note("PodReadyToStartContainers", phase not in ("Succeeded", "Failed"))
        self._note("Initialized", initialized, "ContainersNotInitialized")
        self._note("ContainersReady", not unready, reason, message)
        self._note("Ready", not unready and gated, reason if unready else "ReadinessGatesNotReady", message)
        return {
            **self._places, "phase": phase, "startTime": self._since, "conditions": list(self._conditions.values()),
            "initContainerStatuses": [container.status for container in inits],
            "containerStatuses": [container.status for container in containers],
        }  # fmt: skip

    def _is_initialized(self, inits: Sequence[Container]) -> bool:
        return all(container.code == 0 for container in inits)

    def _phase(self, inits: Sequence[Container], containers: Sequence[Container]) -> str:
        if self.has_ended:
            failed = any(container.code != 0 for container in (*inits, *containers))
            return "Failed" if failed else "Succeeded"
        waiting = any("waiting" in container.state and not container.last for container in containers)
        return "Pending" if waiting or not self._is_initialized(inits) else "Running"

    def _condition(self, kind: str) -> str | None:
        found = self._pod.get("status", {}).get("conditions", [])
        return next((condition["status"] for condition in found if condition["type"] == kind), None)

    def _note(self, kind: str, holds: bool, reason: str = "", message: str = "") -> None:
        status, before = str(holds), self._conditions.get(kind, {})
        since = before["lastTransitionTime"] if before.get("status") == status else stamp()
        why: Json = (
            {"reason": None, "message": None} if holds else {"reason": reason or None, "message": message or None}
        )
        self._conditions[kind] = {"type": kind, "status": status, "lastTransitionTime": since, **why}
