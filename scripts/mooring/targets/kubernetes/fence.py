"""Writes that a fencing token allows: nobody with an older one, and nobody who slept, changes a cluster.

The newest token stands on the Service and on both Deployments. A write first reads the Service and refuses to go on
when a newer one is there; then it changes an object only as it was read. Since making a token known changes all three
objects, a write that was read before that and comes after it finds them changed.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.doors import together
from mooring.targets.kubernetes.look import annotations, ours
from mooring.targets.kubernetes.problems import Outdated

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api, Object

TRIES = 20
"""How often a write is made again that something else was in the way of: controllers write the status of objects."""

Change = Callable[["Object"], "Object | None"]
"""What to apply to an object as it was read; None when it is so already."""


class Fence:
    """The writes of an environment."""

    def __init__(self, api: "Api", environment: str) -> None:
        self._api, self._environment = api, environment

    def show(self, token: int) -> None:
        """Makes older tokens void. Refused(FENCED) when a newer one was shown.

        The Service's selector is ours as it stands from here on, whoever set it: a rollout begins with what is. Whoever
        moves it during the rollout is told from that.
        """

        def whole(service: "Object") -> "Object":
            return traffic(service, service["spec"].get("selector") or {}, {names.TOKEN: str(token)})

        self.service(token, whole, force=True)
        noted = partial(scale, notes={names.TOKEN: str(token)})
        together([partial(self.deployment, slot, token, noted) for slot in SLOTS])

    def service(self, token: int, change: Change, *, force: bool = False) -> "Object":
        """Changes the Service, as the manager of traffic; as it is then.

        Refused(FENCED) for an older token, Contested when somebody else holds what is changed, unless by `force`.
        """
        for _ in range(TRIES):
            service = self._current(token)
            wanted = change(service)
            if wanted is None:
                return service
            try:
                return self._api.apply(_pinned(wanted, service), names.TRAFFIC, force=force)
            except Outdated:
                continue
        raise self._unsettled(f"Service {names.service(self._environment)}")

    def deployment(self, slot: str, token: int, change: Change, manager: str = names.SCALE) -> "Object | None":
        """Changes the Deployment of a slot, whoever holds what is changed; None where there is none.

        A slot is the rollout's alone: what somebody did to it by hand is drift, and ends with the next release in it.
        """
        name = names.deployment(self._environment, slot)
        for _ in range(TRIES):
            self._current(token)
            found = self._api.get("Deployment", name)
            if found is None:
                return None
            self._admit(token, found)
            wanted = change(found)
            if wanted is None:
                return found
            try:
                return self._api.apply(_pinned(wanted, found), manager, force=True)
            except Outdated:
                continue
        raise self._unsettled(f"Deployment {name}")

    def put(self, slot: str, token: int, manifest: "Object") -> "Object":
        """Applies the Deployment of a slot, made when missing."""
        found = self.deployment(slot, token, lambda _found: manifest, names.MANAGER)
        if found is None:
            found = self._api.apply(manifest, names.MANAGER, force=True)
            self._current(token)
        return found

    def delete(self, slot: str, token: int, only: Callable[["Object"], bool]) -> None:
        """Deletes the Deployment of a slot if it is one that `only` says."""
        name = names.deployment(self._environment, slot)
        for _ in range(TRIES):
            self._current(token)
            found = self._api.get("Deployment", name)
            if found is None or not only(found):
                return None
            self._admit(token, found)
            try:
                return self._api.delete("Deployment", name, found["metadata"]["resourceVersion"])
            except Outdated:
                continue
        raise self._unsettled(f"Deployment {name}")

    def _current(self, token: int) -> "Object":
        """The Service, when no newer token stands on it."""
        name = names.service(self._environment)
        service = self._api.get("Service", name)
        if service is None:
            fix = f"moor up {self._environment}"
            raise Failed(Reason.NOT_RUNNING, f"{self._environment} is not running: there is no Service {name}", fix)
        ours(service, self._environment, self._api.namespace)
        self._admit(token, service)
        return service

    def _admit(self, token: int, found: "Object") -> None:
        newest = int(annotations(found).get(names.TOKEN, 0))
        if newest > token:
            what = f"another process took over {self._environment} (token {newest}, mine {token})"
            raise Refused(Reason.FENCED, what)

    def _unsettled(self, what: str) -> Failed:
        return Failed(Reason.PROCESS, f"{what} is changed faster than it can be read", "find out who fights us")


def traffic(service: "Object", selector: dict[str, str], notes: dict[str, str]) -> "Object":
    """The Service's selector, with annotations changed; "" takes one away."""
    kept = {name: annotations(service).get(name, "") for name in (names.TOKEN, names.DOWN)} | notes
    return _part(service, "Service", {name: value for name, value in kept.items() if value}, {"selector": selector})


def scale(
    deployment: "Object", notes: dict[str, str], replicas: int | None = None, restarted: str | None = None
) -> "Object":
    """How many pods a Deployment has, by default as many as it has, with annotations changed; "" takes one away."""
    known = (names.TOKEN, names.IDLE_SINCE, names.RESTARTS)
    kept = {name: annotations(deployment).get(name, "") for name in known} | notes
    spec = deployment.get("spec") or {}
    template = ((spec.get("template") or {}).get("metadata") or {}).get("annotations") or {}
    again = restarted or template.get(names.RESTARTED)
    body: Object = {"replicas": spec.get("replicas", 1) if replicas is None else replicas}
    if again:
        body["template"] = {"metadata": {"annotations": {names.RESTARTED: again}}}
    return _part(deployment, "Deployment", {name: value for name, value in kept.items() if value}, body)


def _part(found: "Object", kind: str, notes: dict[str, str], spec: "Object") -> "Object":
    head = {"name": found["metadata"]["name"], "namespace": found["metadata"]["namespace"], "annotations": notes}
    return {"apiVersion": "apps/v1" if kind == "Deployment" else "v1", "kind": kind, "metadata": head, "spec": spec}


def _pinned(wanted: "Object", found: "Object") -> "Object":
    """To be applied to an object as it was read, and to no other of its name."""
    head = {**wanted["metadata"], "resourceVersion": found["metadata"]["resourceVersion"]}
    return {**wanted, "metadata": head}
