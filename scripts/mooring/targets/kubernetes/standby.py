"""What becomes of a slot that lost the traffic: as many pods as a standby has, and none when its time is over."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mooring.errors import Refused, Stopped
from mooring.rollout.state import Side, other
from mooring.targets.kubernetes import look, names
from mooring.targets.kubernetes.fence import Fence, scale

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Object
    from mooring.targets.kubernetes.target import Kubernetes


def release_minimum(target: "Kubernetes", now: float | None = None) -> str | None:
    """Lets the live slot shrink to `replicas` when its autoscaler has seen the load after a switch; the slot, then.

    Where objects are changed by commits, the rollout does it. Raises Failed when the cluster does not answer.
    """
    if target.target.autoscaling is None or target.target.apply != "direct":
        return None
    seen = look.see(target.api, target.environment)
    if seen.live is None or seen.down:
        return None
    with suppress(Stopped):
        return seen.live.slot if target.leave_to_load(seen, time.time() if now is None else now) else None
    return None


def tend(target: "Kubernetes", now: float | None = None) -> str | None:
    """Scales the idle slot to 0 once `warm.hours` have passed; the slot, where that was done.

    Called every minute or so by the keeper. Does nothing during a rollout: its newer token fences this out.
    Raises Failed when the cluster does not answer.
    """
    seen = look.see(target.api, target.environment)
    live = seen.live
    if live is None or seen.down:
        return None
    slot = other(live.slot)
    digest, since = seen.digest(slot), look.annotations(seen.deployments.get(slot)).get(names.IDLE_SINCE)
    if digest is None or since is None or seen.wanted(slot) == 0:
        return None
    with suppress(Stopped):
        hours = target.release(digest).content.environment.rollout.warm.hours
        if (time.time() if now is None else now) < float(since) + hours * 3600:
            return None
        return _to_zero(target, Side(slot, digest), seen.token)
    return None


def _to_zero(target: "Kubernetes", side: Side, token: int) -> str | None:
    def emptied(found: "Object") -> "Object | None":
        given = look.annotations(found).get(names.DIGEST)
        return scale(found, {}, 0) if given == side.digest else None

    name = names.deployment(target.environment, side.slot)
    target.api.delete("HorizontalPodAutoscaler", name)
    try:
        Fence(target.api, target.environment).deployment(side.slot, token, emptied)
    except Refused:  # a rollout has begun
        return None
    return side.slot
