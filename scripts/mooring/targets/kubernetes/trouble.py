"""Why a slot's pods are not even made: what its ReplicaSets and the cluster's events say."""

from typing import TYPE_CHECKING

from mooring.errors import Stopped
from mooring.targets.kubernetes import names

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api


def trouble(api: "Api", environment: str, slot: str, release: str) -> list[str]:
    """Sentences about the ReplicaSets of a release in a slot that could not make their pods, such as for a quota.

    Empty where nothing says why, and where that cannot be read: it only explains.
    """
    try:
        sets = api.list("ReplicaSet", f"{names.labels(environment, slot)},{names.RELEASE}={release}")
    except Stopped:
        return []
    found = [
        str(condition.get("message") or condition.get("reason"))
        for one in sets
        for condition in (one.get("status") or {}).get("conditions") or ()
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True"
    ]
    return [f"pods cannot be made: {each}" for each in dict.fromkeys(found)]
