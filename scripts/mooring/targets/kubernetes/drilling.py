"""What a live drill does to an environment of its own in a cluster: it kills pods, asks agents, and takes all away."""

import os
import time
from collections.abc import Mapping
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.state.place.location import locate
from mooring.targets.kubernetes import kinds, names, requirements
from mooring.targets.kubernetes.reader import Reader

GONE = 60.0
"""Seconds within which pods that are killed must be gone: their node has to say so."""

LOOK = 0.2
"""Seconds between two looks meanwhile."""

MADE = (
    "HorizontalPodAutoscaler", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "RoleBinding", "Role",
    "ServiceAccount",
)  # fmt: skip
"""The kinds of what an environment has, in the order in which they are deleted."""


class Drilling(Reader):
    """What a rollout never does."""

    def drillable(self) -> None:
        """Checks that whoever drills may do all of it. Refused(GUARDED) with every verb that is lacking."""
        requirements.same_cluster(self.api, self.target, self.environment)
        requirements.namespace(self.api)
        requirements.drills(self.api)

    def kill(self, slot: str, worker: int = 1) -> str:
        """Deletes a pod of a slot with no time to end in; needs the verb delete of pods."""
        pods = self._seen().having(slot)
        if not 0 < worker <= len(pods):
            raise Failed(Reason.NOT_RUNNING, f"pod {worker} of {slot} is not there")
        self.api.kill(pods[worker - 1].name)
        return pods[worker - 1].name

    def exchange(self, method: str, path: str, body: Any, timeout: float) -> tuple[int, Mapping[str, str], bytes]:
        """Asks the Service, by way of the API server: status, headers and body. Needs the verbs of services/proxy.

        Raises OSError when no pod answered. The API server keeps the header Authorization to itself, so no key can be
        shown: what is asked has none, and answers to the name localhost alone.
        Source: `WithAuthentication` of k8s.io/apiserver/pkg/endpoints/filters.
        """
        where = kinds.path(self.api.namespace, "Service", f"{names.service(self.environment)}:http", f"proxy{path}")
        answer = self.api.once(method, where, body, {"Accept": "application/json", "Host": "localhost"}, timeout)
        if answer.status_code >= 500 and b'"kind":"Status"' in answer.content:  # of the API server, not of a pod
            raise ConnectionError(str(answer.json().get("message")))
        return answer.status_code, answer.headers, answer.content

    def remove(self) -> None:
        """Deletes all objects of the environment, and its schema with everything that is stored of it.

        Its pods end at once, and are gone then: what a drill that was killed has left serves nobody. Failed(DEADLINE)
        when they are not.
        """
        for kind in MADE:
            for one in self.api.list(kind, f"{names.PART_OF}={names.MANAGER},{names.labels(self.environment)}"):
                self.api.delete(kind, one["metadata"]["name"])
        self._end_pods()
        self.api.delete("Secret", names.admin(self.environment))
        from mooring.state.copies.postgres_rebuild import drop

        drop(locate(self.root, self._environment, self.state).found(os.environ))

    def _end_pods(self) -> None:
        end, killed = time.monotonic() + GONE, set[str]()
        while pods := self.api.list("Pod", names.labels(self.environment)):
            if time.monotonic() > end:
                what = f"{len(pods)} pods of {self.environment} are still there after {GONE:.0f} s"
                raise Failed(Reason.DEADLINE, what, f"kubectl -n {self.api.namespace} get pods")
            for uid, name in ((pod["metadata"]["uid"], pod["metadata"]["name"]) for pod in pods):
                if uid not in killed:
                    self.api.kill(name)
                    killed.add(uid)
            time.sleep(LOOK)
