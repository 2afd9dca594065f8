"""Who gets requests: the Service's selector, and the EndpointSlices that follow it."""

import time
from typing import TYPE_CHECKING

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.targets.kubernetes import names

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api

LOOK = 0.02
"""Seconds between two looks at EndpointSlices."""

PATIENCE = 15.0
"""Seconds that the cluster has to follow a selector."""


def addressed(api: "Api", environment: str) -> set[str]:
    """The pods that get requests, by name.

    Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
    """
    slices = api.list("EndpointSlice", f"kubernetes.io/service-name={names.service(environment)}")
    return {
        (endpoint.get("targetRef") or {}).get("name", "")
        for each in slices
        for endpoint in each.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
    }


def wait(api: "Api", environment: str, prefix: str) -> None:
    """Returns when pods whose names begin with `prefix` alone get requests. Failed(DEADLINE) when that takes long."""
    end = time.monotonic() + PATIENCE
    while not (found := addressed(api, environment)) or not all(pod.startswith(prefix) for pod in found):
        if time.monotonic() > end:
            others = ", ".join(sorted(pod for pod in found if not pod.startswith(prefix))) or "nobody"
            fix = "see that the endpoint-slice controller runs: kubectl get endpointslices"
            raise Failed(Reason.DEADLINE, f"{others} gets requests {PATIENCE:.0f} s after the switch", fix)
        time.sleep(LOOK)
