"""Pods as the API server lists them: which release each has, whether it is ready, and why not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.targets.kubernetes import names

LOUD = frozenset(
    {
        "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "ErrImagePull", "ImagePullBackOff",
        "InvalidImageName", "RunContainerError",
    }
)  # fmt: skip
"""Reasons of waiting that do not pass by themselves."""


@dataclass(frozen=True, slots=True)
class Pod:
    """`over` is one whose containers have ended for good, `ending` also one that was told to end.

    `lasting` is a reason that waiting does not mend, "" where there is none.
    """

    name: str
    uid: str
    slot: str
    release: str
    ready: bool
    over: bool
    ending: bool
    restarts: int
    node: str
    why: str
    lasting: str
    created: str

    @classmethod
    def read(cls, item: dict[str, Any]) -> "Pod":
        """One of a list's items."""
        head, status = item["metadata"], item.get("status") or {}
        labels, each = head.get("labels") or {}, status.get("containerStatuses") or ()
        conditions = {one["type"]: one for one in status.get("conditions") or ()}
        ready = conditions.get("Ready", {}).get("status") == "True"
        lasting, why = _waiting(each)
        over = status.get("phase") in ("Succeeded", "Failed")
        return cls(
            name=head["name"],
            uid=head["uid"],
            slot=labels.get(names.SLOT, ""),
            release=labels.get(names.RELEASE, ""),
            ready=ready and not over,
            over=over,
            ending="deletionTimestamp" in head or over,
            restarts=sum(one.get("restartCount", 0) for one in each),
            node=(item.get("spec") or {}).get("nodeName", ""),
            why=why or _scheduled(conditions) or _ended(status) or ("" if ready else "starting"),
            lasting=lasting,
            created=head["creationTimestamp"],
        )


def in_order(items: Iterable[dict[str, Any]]) -> list[Pod]:
    """Those of a list, the oldest first."""
    return sorted(map(Pod.read, items), key=lambda pod: (pod.created, pod.name))


def _waiting(containers: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The reason of a container that waits for something that does not pass, and a sentence about it."""
    for one in containers:
        waiting = (one.get("state") or {}).get("waiting") or {}
        reason = str(waiting.get("reason", ""))
        if reason == "CrashLoopBackOff" or (one.get("lastState") and not one.get("ready")):
            last = (one.get("lastState") or {}).get("terminated") or {}
            said = _last_words(last)
            what = f"{reason or 'started again'} after {one.get('restartCount', 0)} restarts"
            return reason if reason in LOUD else "", f"{what}: exit {last.get('exitCode', '?')}{said}"
        if reason in LOUD:
            return reason, f"{reason}: {waiting.get('message') or one.get('image', '')}"
    return "", ""


def _last_words(ended: dict[str, Any]) -> str:
    """What a container left in its termination message, in one line."""
    message = " ".join(str(ended.get("message") or ended.get("reason") or "").split())
    return f", {message[-300:]}" if message else ""


def _scheduled(conditions: dict[str, dict[str, Any]]) -> str:
    unplaced = conditions.get("PodScheduled", {})
    if unplaced.get("status") != "False":
        return ""
    return f"{unplaced.get('reason', 'Unschedulable')}: {unplaced.get('message', '')}".strip(": ")


def _ended(status: dict[str, Any]) -> str:
    """Why the kubelet ended a pod, such as Evicted or NodeLost."""
    return f"{status['reason']}: {status.get('message', '')}".strip(": ") if status.get("reason") else ""
