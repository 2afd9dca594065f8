"""Changes an environment in a cluster: slots, the traffic, and how many pods a slot has."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mooring.errors import Failed, Refused, Stopped, UsageError
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS, Side, other
from mooring.targets.kubernetes import look, names, traffic
from mooring.targets.kubernetes.doors import together
from mooring.targets.kubernetes.fence import Fence, scale
from mooring.targets.kubernetes.fence import traffic as selected
from mooring.targets.kubernetes.manifests.environment import NOBODY
from mooring.targets.kubernetes.manifests.objects import selector, target_of
from mooring.targets.kubernetes.reader import Reader

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Object

ANSWER = 1.0
"""Seconds that a pod has to hear whether it has the traffic."""

SCALER = "HorizontalPodAutoscaler"

LOOK = 0.1
"""Seconds between two looks at pods that are awaited."""


class Writer(Reader):
    """Every change shows a fencing token, as `fence` explains."""

    SETTLE = 120.0
    """Seconds from a switch on in which an autoscaler takes no pods away: metrics of pods are up to a minute old."""

    @property
    def _fence(self) -> Fence:
        return Fence(self.api, self.environment)

    def fence(self, token: int) -> None:
        """Makes older tokens void. Refused(FENCED) when a newer one was shown."""
        self._fence.show(token)

    def stage(self, side: Side, token: int) -> None:
        """Begins to run a release in a slot that is not live, with as many pods as the live slot has by now.

        Refused(GUARDED) for the live slot, and for a release that was made for another target.
        """
        seen = self._idle(side)
        self._hosted(side.digest)
        full = self._full(side.digest, seen)
        if seen.digest(side.slot) != side.digest:
            self._give(side, token, full)
        elif seen.wanted(side.slot) < full:
            self._autoscale(side, full, idle=True)
            self._fence.deployment(side.slot, token, lambda found: scale(found, {names.TOKEN: str(token)}, full))

    def _give(self, side: Side, token: int, replicas: int) -> None:
        """Applies what an idle slot with a release has: the Deployment, and what goes with it.

        No load adds to its pods before it has the traffic: starting alone keeps a processor busy. Their number comes
        last: the autoscaler of the release before would take them away again.
        """
        manifests = self._slot(side, replicas, idle=True)
        for manifest in manifests:
            if manifest["kind"] == "Deployment":
                manifest["spec"].pop("replicas", None)
                self._fence.put(side.slot, token, manifest)
            else:
                self.api.apply(manifest, names.MANAGER, force=True)
        if not any(one["kind"] == SCALER for one in manifests):
            self.api.delete(SCALER, names.deployment(self.environment, side.slot))
        notes = {names.TOKEN: str(token), names.IDLE_SINCE: f"{time.time():.0f}", names.RESTARTS: ""}
        self._fence.deployment(side.slot, token, lambda found: scale(found, notes, replicas))

    def _slot(self, side: Side, replicas: int, *, idle: bool) -> "list[Object]":
        from mooring.targets.kubernetes.manifests import slot

        since = time.time() if idle else None
        found = slot.slot(self.release(side.digest).content, side.slot, side.digest, replicas, since)
        for manifest in found:
            manifest["metadata"].get("annotations", {}).pop(names.IDLE_SINCE, None)
            if manifest["kind"] == SCALER and not self.api.serves(slot.REQUESTS_API):
                slot.by_processor_alone(manifest)
        return found

    def switch(self, to: Side, token: int) -> float:
        """Sends traffic to a slot; milliseconds from the change of the Service until its pods alone get requests.

        A slot that has fewer pods than it is to have gets them first. Refused(NOT_READY) changes nothing. To a release
        that was made for another target, where it still serves, nobody gets requests here any more.
        """
        seen = self._seen()
        if seen.digest(to.slot) != to.digest and self._elsewhere(to.digest):
            return self._select(None, token, seen)
        self._check_ready(seen, to)
        return self._select(to, token, self._fill(to, token, seen))

    def _check_ready(self, seen: look.Seen, to: Side) -> None:
        if seen.digest(to.slot) != to.digest or not (ready := seen.ready(to.slot)):
            raise Refused(Reason.NOT_READY, f"{to.slot} is not ready with {names.short(to.digest)[:12]}")
        if len(ready) < seen.wanted(to.slot):
            what = f"{len(ready)} of {seen.wanted(to.slot)} pods of {to.slot} are ready"
            raise Refused(Reason.NOT_READY, what)

    def _fill(self, to: Side, token: int, seen: look.Seen) -> look.Seen:
        """Gives a slot as many pods as serve now before it gets the traffic. Refused(NOT_READY) when they are late."""
        full = self._full(to.digest, seen)
        end = time.monotonic() + self.terms(to.digest).deadline
        if seen.wanted(to.slot) < full:
            self._autoscale(to, full, idle=True)  # or a standby's would take the pods away again
            self._fence.deployment(to.slot, token, lambda found: scale(found, {names.TOKEN: str(token)}, full))
            seen = self._seen()
        while len(seen.ready(to.slot)) < full:
            if time.monotonic() > end:
                what = f"{len(seen.ready(to.slot))} of {full} pods of {to.slot} were ready in time"
                raise Refused(Reason.NOT_READY, what)
            time.sleep(LOOK)
            seen = self._seen()
        return seen

    def _select(self, to: Side | None, token: int, seen: look.Seen) -> float:
        slot = to.slot if to else NOBODY
        wanted = selector(self.environment, slot)
        start = time.monotonic()
        if to is None or seen.slot != to.slot:
            self._fence.service(token, lambda found: selected(found, wanted, {names.TOKEN: str(token)}))
        if to is None:
            return (time.monotonic() - start) * 1000
        traffic.wait(self.api, self.environment, f"{names.deployment(self.environment, to.slot)}-")
        took = (time.monotonic() - start) * 1000
        self._announce(to, seen, token)
        return took

    def _announce(self, to: Side, seen: look.Seen, token: int) -> None:
        """Tells pods and Deployments whose turn it is, all at once."""
        work: list[Callable[[], object]] = [partial(self._tell_pods, to, seen), *self._notes(to, seen, token)]
        together(work)

    def _tell_pods(self, to: Side, seen: look.Seen) -> None:
        """Has pods of the old slot let clients go, which they would do by themselves when they have read the ledger."""
        said = [
            partial(self.doors.quiet, pod.name, "POST /accept", ANSWER, {"on": slot == to.slot})
            for slot in SLOTS
            for pod in seen.pods.get(slot, [])
            if pod.ready
        ]
        together(said)

    def _notes(self, to: Side, seen: look.Seen, token: int) -> "list[Callable[[], object]]":
        """Notes on both Deployments whose turn it is; and from now on, more pods may be added to the one."""
        restarts = f"{sum(pod.restarts for pod in seen.having(to.slot))} {names.short(to.digest)}"
        now = {names.TOKEN: str(token), names.IDLE_SINCE: "", names.RESTARTS: restarts}
        since = {names.TOKEN: str(token), names.IDLE_SINCE: f"{time.time():.0f}"}
        return [
            partial(self._fence.deployment, to.slot, token, lambda found: scale(found, now)),
            partial(self._fence.deployment, other(to.slot), token, lambda found: scale(found, since)),
            partial(self._autoscale, to, self._full(to.digest, seen), idle=False),
        ]

    def rest(self, side: Side, token: int) -> None:
        """Leaves a slot that lost the traffic as many pods as a standby is to have, which no load adds to."""
        seen = self._seen()
        if seen.slot == side.slot or seen.digest(side.slot) != side.digest:
            return
        warm = self._warm(side.digest, seen.wanted(side.slot))
        if seen.wanted(side.slot) != warm:
            self._fence.deployment(side.slot, token, lambda found: scale(found, {names.TOKEN: str(token)}, warm))
        self._autoscale(side, warm, idle=True)
        if seen.live and self.belongs(seen.live.digest):
            self.leave_to_load(seen, time.time())

    def leave_to_load(self, seen: look.Seen, now: float) -> bool:
        """Lets the autoscaler of the live slot go down to `replicas` again, once it has seen the load there.

        Until then, a switch keeps it at the pods that it began with: what is measured is of before, when nobody called.
        To be called again and again by whoever keeps house, while no rollout is under way. False when nothing is due.
        """
        live = seen.live
        since = look.annotations(seen.deployments.get(other(live.slot))).get(names.IDLE_SINCE) if live else None
        if live is None or (since and now < float(since) + self.SETTLE):
            return False
        found = self.api.get(SCALER, names.deployment(self.environment, live.slot))
        least = self._least(live.digest)
        if found is None or found["spec"].get("minReplicas", 1) <= least:
            return False
        self._autoscale(live, least, idle=False)
        return True

    def _autoscale(self, side: Side, replicas: int, *, idle: bool) -> None:
        for manifest in self._slot(side, replicas, idle=idle):
            if manifest["kind"] == SCALER:
                self.api.apply(manifest, names.MANAGER, force=True)

    def discard(self, side: Side, token: int, instead: str | None) -> None:
        """Ends a release in the idle slot and begins to run another, which has what a standby has."""
        seen = self._seen()
        if seen.digest(side.slot) != side.digest:
            return
        self._idle(side)
        if instead and self._known(instead):
            self._give(Side(side.slot, instead), token, self._warm(instead, self._least(instead)))
            return
        self._fence.delete(side.slot, token, lambda found: look.annotations(found).get(names.DIGEST) == side.digest)
        self.api.delete(SCALER, names.deployment(self.environment, side.slot))

    def tell(self, environ: Mapping[str, str]) -> None:
        """Refused(GUARDED): secrets of pods are in a Secret, which is not ours to write."""
        keys = " ".join(f"{name}=…" for name in sorted(environ)) or "NAME=…"
        fix = f"kubectl -n {self.target.namespace} edit secret {self.target.secret} ({keys}), then moor restart"
        what = f"pods of {self.environment} get secrets from the Secret {self.target.secret} alone"
        raise Refused(Reason.GUARDED, what, fix)

    def restart(self, name: str | None = None) -> str:
        """Begins to replace the pods of a slot, by default the live one's, one after the other.

        Those that serve go on until the new ones are ready, and then finish their requests. `keeper` restarts that.
        """
        seen = self._seen()
        chosen = name or seen.slot
        if chosen in ("keeper", "supervisor"):
            self._restart_keeper()
            return "keeper"
        if chosen not in SLOTS or seen.digest(chosen) is None:
            raise Failed(
                Reason.NOT_RUNNING, f"{self.environment} has nothing to restart", f"moor up {self.environment}"
            )
        self._unlocked()
        again = f"{time.time():.3f}"
        self._fence.deployment(chosen, seen.token, lambda found: scale(found, {}, restarted=again))
        return chosen

    def _restart_keeper(self) -> None:
        name = names.keeper(self.environment)
        if self.api.get("Deployment", name) is None:
            what = f"{self.environment} has no keeper"
            raise Failed(Reason.NOT_RUNNING, what, f"moor up {self.environment}")
        notes = {"metadata": {"annotations": {names.RESTARTED: f"{time.time():.3f}"}}}
        head = {"name": name, "namespace": self.target.namespace}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": head, "spec": {"template": notes}}
        self.api.apply(body, names.SCALE, force=True)

    def _idle(self, side: Side) -> look.Seen:
        seen = self._seen()
        if seen.slot == side.slot and seen.digest(side.slot):
            raise Refused(Reason.GUARDED, f"{side.slot} is live; only the other slot may change")
        return seen

    def _hosted(self, digest: str) -> None:
        if not self.belongs(digest):
            what = f"{names.short(digest)[:12]} was made for another target than namespace {self.target.namespace}"
            fix = f"deploy the commit that it came from: git revert, then moor up {self.environment}"
            raise Refused(Reason.GUARDED, what, fix)

    def _elsewhere(self, digest: str) -> bool:
        """Whether a release is stored that was made for another target."""
        try:
            return not self.belongs(digest)
        except UsageError:
            return False

    def _known(self, digest: str) -> bool:
        """Whether a release can stand by here."""
        try:
            return self.belongs(digest)
        except (Stopped, UsageError):
            return False

    def _least(self, digest: str) -> int:
        """The pods of a slot with a release when it has the traffic; with autoscaling, the fewest."""
        return target_of(self.release(digest).content).replicas

    def _full(self, digest: str, seen: look.Seen) -> int:
        """The pods with which a release may take the traffic over: what load has added to the live slot is needed."""
        target = target_of(self.release(digest).content)
        if target.autoscaling is None or seen.slot is None:
            return target.replicas
        return max(target.replicas, min(seen.wanted(seen.slot), target.autoscaling.most))

    def _warm(self, digest: str, now: int) -> int:
        """The pods of a slot with a release that stands by."""
        replicas = self.release(digest).content.environment.rollout.warm.replicas
        return now if replicas is None else min(replicas, max(now, 1))

    def _unlocked(self) -> None:
        """Refused(LOCKED) when somebody is changing this environment."""
        from mooring.rollout import lease

        with self._ledger() as ledger:
            held = lease.holder(ledger, self.environment)
        if held:
            raise Refused(Reason.LOCKED, f"{self.environment} is locked: {held.kind} by {held.actor}", "wait for it")
