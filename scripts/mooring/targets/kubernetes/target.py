"""The Kubernetes target: what a rollout and the commands see of a namespace of a cluster."""

import time
from functools import partial
from typing import TYPE_CHECKING

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS, Side
from mooring.rollout.target import Edit
from mooring.targets.kubernetes import look, names, place, requirements
from mooring.targets.kubernetes.drilling import Drilling
from mooring.targets.kubernetes.edits import edits
from mooring.targets.kubernetes.fence import Fence, scale
from mooring.targets.kubernetes.fence import traffic as selected
from mooring.targets.kubernetes.manifests import environment as manifests
from mooring.targets.kubernetes.manifests.objects import labels, selector
from mooring.targets.kubernetes.manifests.variables import of_keeper, of_slot
from mooring.targets.kubernetes.writer import Writer

if TYPE_CHECKING:
    from mooring.release.content import ReleaseContent
    from mooring.release.release import Release
    from mooring.targets.kubernetes.api import Object

OPENING = 60.0
"""Seconds within which what was live must be back, or an API server that restarts must answer."""

LOOK = 0.2
"""Seconds between two looks meanwhile."""


class Kubernetes(Writer, Drilling):
    """Reader and Writer of one environment in a cluster.

    `state` is the environment's folder on this machine: copies of releases, and where the cluster was. Everything but
    `ensure`, `down`, `status`, `live`, `find`, `logs` and `follow` raises Failed(NOT_RUNNING) when the environment was
    not brought up, or the API server does not answer.
    """

    def ensure(self) -> None:
        """Checks that everything is there which a rollout needs, and applies what an environment has once.

        What was stopped comes back. Refused or Failed with all that is wrong; nothing was changed then.
        """
        self._check()
        service = self.api.get("Service", names.service(self.environment))
        look.ours(service, self.environment, self.api.namespace)
        requirements.admin_secret(self.api, self.environment)
        self._apply_service()
        content = self._content()
        if content is not None:
            self._apply_shared(content)
        place.remember(self.state, self.target)
        self._bring_back()

    def _check(self) -> None:
        """Raises what `requirements` finds: which cluster it is first, since nothing else matters in another one."""
        requirements.same_cluster(self.api, self.target, self.environment)
        requirements.namespace(self.api)
        content = self._content()
        variables = {*of_slot(content), *of_keeper(content)} if content is not None else set()
        requirements.all_at_once(
            [
                partial(requirements.permissions, self.api),
                partial(requirements.secrets, self.api, self.target, variables),
            ]
        )

    def _content(self) -> "ReleaseContent | None":
        """The release that is live, whose shared objects are applied; None before the first one."""
        seen = look.see(self.api, self.environment)
        digest = seen.live.digest if seen.live else self._ledgers_live()
        return self.release(digest).content if digest and self._known(digest) else None

    def put(self, release: "Release") -> None:
        """Keeps a release in the database, and as a file here; and applies what its environment has once.

        Refused(NOT_READY) when the Secret lacks keys that it needs.
        """
        super().put(release)
        if self.belongs(release.digest):
            variables = {*of_slot(release.content), *of_keeper(release.content)}
            requirements.secrets(self.api, self.target, variables)
            self._apply_service()
            self._apply_shared(release.content)

    def _bare_service(self) -> "Object":
        """The Service without its selector, which is the rollout's."""
        head = {"name": names.service(self.environment), "namespace": self.target.namespace}
        ports = [{"name": "http", "port": self.target.port, "targetPort": "http", "protocol": "TCP"}]
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**head, "labels": labels(self.environment)},
            "spec": {"type": "ClusterIP", "ports": ports},
        }

    def _apply_service(self) -> None:
        """Before the first release is live, it names no slot."""
        applied = self.api.apply(self._bare_service(), names.MANAGER, force=True)
        if not applied["spec"].get("selector"):
            nobody = selector(self.environment, manifests.NOBODY)
            self.api.apply(selected(applied, nobody, {}), names.TRAFFIC)

    def _apply_shared(self, content: "ReleaseContent") -> None:
        for manifest in manifests.shared(content):
            self.api.apply(manifest, names.MANAGER, force=True)

    def edits(self) -> list[Edit]:
        """What somebody changed by hand in the objects of the environment."""
        seen = self._seen()
        return edits(self.api, self.environment, self._applied(seen))

    def _applied(self, seen: look.Seen) -> "dict[tuple[str, str], Object]":
        """What ought to be there, by kind and name; how many pods a slot has is as it was last said."""
        service, live = self._bare_service(), seen.live
        if digest := self._ledgers_live():
            slot = next((slot for slot in SLOTS if seen.digest(slot) == digest), seen.slot or manifests.NOBODY)
            service["spec"]["selector"] = selector(self.environment, slot)
        found = [service]
        if live and self._known(live.digest):
            found += manifests.shared(self.release(live.digest).content)
        for slot in SLOTS:
            if (digest := seen.digest(slot)) and self._known(digest):
                full = self._least(digest)
                idle = live is not None and live.slot != slot
                found += self._slot(Side(slot, digest), self._warm(digest, full) if idle else full, idle=idle)
        return {(one["kind"], one["metadata"]["name"]): one for one in found}

    def reapply(self) -> None:
        """Applies everything again, whoever holds it: the Service, what there is once, and both slots."""
        seen, by_hand = self._seen(), self.edits()
        self._apply_service()
        live = seen.live
        if live and self._known(live.digest):
            self._apply_shared(self.release(live.digest).content)
        for slot in SLOTS:
            if (digest := seen.digest(slot)) and self._known(digest):
                idle = live is None or live.slot != slot
                full = self._least(digest)
                self._restore(Side(slot, digest), seen, self._warm(digest, full) if idle else full, idle, by_hand)

        self._select_again(seen)

    def _select_again(self, seen: look.Seen) -> None:
        """The traffic goes where the ledger says, if that slot is ready: somebody moved it by hand."""
        digest = self._ledgers_live()
        slot = next((slot for slot in SLOTS if digest and seen.digest(slot) == digest), None)
        if slot and slot != seen.slot and seen.ready(slot):
            chosen = selector(self.environment, slot)
            self._fence.service(seen.token, lambda found: selected(found, chosen, {}), force=True)

    def _without_additions(self, slot: str, manifest: "Object") -> None:
        """Takes away what somebody added to the pods, which applying leaves: pods as rendered, and nothing else."""
        name = names.deployment(self.environment, slot)
        found = self.api.get("Deployment", name)
        if found is not None:
            version = found["metadata"]["resourceVersion"]
            self.api.replace("Deployment", name, "/spec/template", manifest["spec"]["template"], version)

    def _restore(self, side: Side, seen: look.Seen, replicas: int, idle: bool, by_hand: list[Edit]) -> None:
        for manifest in self._slot(side, replicas, idle=idle):
            if manifest["kind"] == "Deployment":
                manifest["spec"].pop("replicas", None)
                if any(one.where.startswith(f"Deployment/{names.deployment(self.environment, side.slot)} spec.template")
                       for one in by_hand):  # fmt: skip
                    self._without_additions(side.slot, manifest)
                self._fence.put(side.slot, seen.token, manifest)
                count = replicas if idle else self._full(side.digest, seen)  # what load has added stays
                self._fence.deployment(side.slot, seen.token, lambda found, count=count: scale(found, {}, count))  # type: ignore[misc]
            else:
                self.api.apply(manifest, names.MANAGER, force=True)

    def revive(self) -> None:
        """Waits until the API server answers again. Failed(NOT_RUNNING) when that takes too long."""
        end = time.monotonic() + OPENING
        while True:
            try:
                self.api.get("Service", names.service(self.environment))
            except Failed as failed:
                if failed.reason is not Reason.NOT_RUNNING or time.monotonic() > end:
                    raise
                time.sleep(LOOK)
            else:
                break
        self._bring_back()

    def _bring_back(self) -> None:
        """Starts the pods again that were stopped, and waits for those that are to have the traffic."""
        seen = look.see(self.api, self.environment)
        if seen.service is None or not seen.down:
            return
        live, token = seen.live, seen.token
        for slot in SLOTS:
            if digest := seen.digest(slot):
                full, idle = self._least(digest), not (live and live.slot == slot)
                wanted = self._warm(digest, full) if idle else full
                self._autoscale(Side(slot, digest), wanted, idle=idle)
                self._fence.deployment(slot, token, lambda found, wanted=wanted: scale(found, {}, wanted))  # type: ignore[misc]
        self._scale_keeper(1)
        chosen = (seen.service["spec"].get("selector")) or {}
        if live and self._ledgers_live() not in (None, live.digest):
            # It moved elsewhere since: what was live here then is no more.
            chosen = selector(self.environment, manifests.NOBODY)
        self._fence.service(token, lambda found: selected(found, chosen, {names.DOWN: ""}), force=True)
        self._wait_for_live()

    def _wait_for_live(self) -> None:
        """Being late is no failure: what keeps pods from being ready is for `status` to say."""
        end = time.monotonic() + OPENING
        while time.monotonic() < end:
            seen = look.see(self.api, self.environment)
            if seen.slot is None or len(seen.ready(seen.slot)) >= seen.wanted(seen.slot):
                return
            time.sleep(LOOK)

    def down(self) -> bool:
        """Stops all pods after their requests; what was live comes back at the next start. False when none ran.

        Refused(LOCKED) while a rollout is under way.
        """
        seen = look.see(self.api, self.environment)
        if seen.service is None or seen.down:
            return False
        self._unlocked()
        fence, token = Fence(self.api, self.environment), seen.token
        chosen = seen.service["spec"].get("selector") or {}
        noted = {names.DOWN: f"{time.time():.0f}"}
        fence.service(token, lambda found: selected(found, chosen, noted), force=True)
        for slot in SLOTS:
            self.api.delete("HorizontalPodAutoscaler", names.deployment(self.environment, slot))
            fence.deployment(slot, token, lambda found: scale(found, {}, 0))
        self._scale_keeper(0)
        self._wait_until_gone()
        return True

    def _scale_keeper(self, replicas: int) -> None:
        found = self.api.get("Deployment", names.keeper(self.environment))
        if found is not None:
            self.api.apply(scale(found, {}, replicas), names.SCALE, force=True)

    def _wait_until_gone(self) -> None:
        """At most as long as a pod may take for its requests."""
        end = time.monotonic() + self._drain()
        while self.api.list("Pod", names.labels(self.environment)):
            if time.monotonic() > end:
                fix = f"kubectl -n {self.target.namespace} get pods"
                raise Failed(Reason.DEADLINE, f"pods of {self.environment} still end", fix)
            time.sleep(LOOK)

    def _drain(self) -> float:
        """Seconds that pods have to end."""
        periods = [0.0]
        for deployment in self.api.list("Deployment", names.labels(self.environment)):
            spec = deployment["spec"]["template"]["spec"]
            periods.append(float(spec.get("terminationGracePeriodSeconds", 30)))
        return max(periods) + 30
