"""What a live drill does to an environment of its own in a cluster: it kills pods, asks agents, and takes all away."""

import os
from collections.abc import Mapping
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.state.place.location import locate
from mooring.targets.kubernetes import kinds, names
from mooring.targets.kubernetes.reader import Reader

MADE = (
    "HorizontalPodAutoscaler", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "RoleBinding", "Role",
    "ServiceAccount",
)  # fmt: skip
"""The kinds of what an environment has, in the order in which they are deleted."""


class Drilling(Reader):
    """What a rollout never does."""

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
        """Deletes all objects of the environment, and its schema with everything that is stored of it."""
        for kind in MADE:
            for one in self.api.list(kind, f"{names.PART_OF}={names.MANAGER},{names.labels(self.environment)}"):
                self.api.delete(kind, one["metadata"]["name"])
        self.api.delete("Secret", names.admin(self.environment))
        from mooring.state.copies.postgres_rebuild import drop

        drop(locate(self.root, self._environment, self.state).found(os.environ))
