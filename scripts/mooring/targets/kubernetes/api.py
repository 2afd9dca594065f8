"""The API server of a cluster, as JSON: with the kubeconfig and the credentials as lightkube reads them."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.targets.kubernetes import kinds
from mooring.targets.kubernetes.problems import explained

if TYPE_CHECKING:
    import httpx2

Object = dict[str, Any]
"""An object of Kubernetes, as its JSON is."""

TIMEOUT = 10.0
"""Seconds for an answer."""

PATIENCE = 3.0
"""Seconds within which a request that changes nothing twice is sent again, when the server is busy or away."""

CONNECTIONS = 64
"""At once: a look at 50 pods asks all of them."""

BUSY = frozenset({429, 500, 502, 503, 504})

APPLY = "application/apply-patch+yaml"
"""JSON is YAML too. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/"""


class Api:
    """One cluster and namespace. Any thread may use it.

    Every method raises Failed(NOT_RUNNING) when the server does not answer within PATIENCE seconds, and as `explained`
    says for what it refuses.
    """

    def __init__(self, context: str | None, namespace: str) -> None:
        self.context, self.namespace = context, namespace
        self._opened: httpx2.Client | None = None

    @property
    def server(self) -> str:
        """Its address."""
        return str(self._client.base_url)

    def get(self, kind: str, name: str) -> Object | None:
        """None when there is no such object."""
        answer = self.send("GET", kinds.path(self.namespace, kind, name), missing=True)
        return None if answer is None else dict(answer.json())

    def list(self, kind: str, labels: str = "", fields: str = "") -> list[Object]:
        """Those of a kind with labels, such as `a=b,c`."""
        asked = {name: value for name, value in (("labelSelector", labels), ("fieldSelector", fields)) if value}
        answer = self.send("GET", kinds.path(self.namespace, kind), params=asked)
        return list(answer.json()["items"] or ()) if answer is not None else []

    def apply(self, manifest: Object, manager: str, *, force: bool = False) -> Object:
        """Server-side apply. With a `resourceVersion` in the metadata, only what was read is changed.

        A conflict is Contested, where the object was changed since Outdated.
        """
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        asked = {"fieldManager": manager, "force": "true" if force else "false"}
        answer = self.send("PATCH", kinds.path(self.namespace, kind, name), manifest, asked, content=APPLY)
        return dict(answer.json()) if answer is not None else {}

    def replace(self, kind: str, name: str, path: str, value: Any, version: str) -> None:
        """Puts a value at a place of an object as it was read, with nothing of what was there."""
        ops = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "replace", "path": path, "value": value},
        ]
        where = kinds.path(self.namespace, kind, name)
        self.send("PATCH", where, ops, {"fieldManager": "mooring"}, content="application/json-patch+json")

    def create(self, manifest: Object, manager: str) -> Object:
        """Outdated when it is there already."""
        path = kinds.path(self.namespace, manifest["kind"])
        answer = self.send("POST", path, manifest, {"fieldManager": manager})
        return dict(answer.json()) if answer is not None else {}

    def delete(self, kind: str, name: str, version: str | None = None) -> None:
        """With what belongs to it. With the `version` that was read, Outdated when it was changed since."""
        body: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if version:
            body["preconditions"] = {"resourceVersion": version}
        self.send("DELETE", kinds.path(self.namespace, kind, name), body, missing=True)

    def kill(self, pod: str) -> None:
        """Ends a pod at once: nothing of what it does is waited for."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
        self.send("DELETE", kinds.path(self.namespace, "Pod", pod), body, missing=True)

    def review(self, attributes: Mapping[str, str]) -> bool:
        """Whether whoever asks may do something.

        Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
        """
        kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        body = {**kind, "spec": {"resourceAttributes": {**attributes, "namespace": self.namespace}}}
        answer = self.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
        return bool(answer is not None and answer.json()["status"].get("allowed"))

    def cluster(self) -> str:
        """The cluster's own id: that of the namespace `kube-system`."""
        answer = self.send("GET", "/api/v1/namespaces/kube-system")
        return str(answer.json()["metadata"]["uid"]) if answer is not None else ""

    def serves(self, group: str) -> bool:
        """Whether an API group is there, its own or one that something in the cluster adds."""
        return self.send("GET", f"/apis/{group}", missing=True) is not None

    def here(self) -> Object | None:
        """The namespace; None when there is none of this name."""
        answer = self.send("GET", f"/api/v1/namespaces/{self.namespace}", missing=True)
        return None if answer is None else dict(answer.json())

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        *,
        content: str = "application/json",
        missing: bool = False,
    ) -> "httpx2.Response | None":
        """The answer; None for what is not there when it may be `missing`.

        What a server that is busy or restarts did not do is asked again: whatever is sent here may be sent twice.
        """
        end, pause = time.monotonic() + PATIENCE, 0.05
        while True:
            answer, said, wait = self._once(method, path, body, params, content)
            if answer is not None and answer.status_code not in BUSY:
                break
            if time.monotonic() + max(wait, pause) > end:
                if answer is not None:
                    raise explained(answer, self.namespace)
                raise self._away(said)
            time.sleep(max(wait, pause))
            pause = min(pause * 2, 0.8)
        if missing and answer.status_code == 404:
            return None
        if answer.is_error:
            raise explained(answer, self.namespace)
        return answer

    def _once(
        self, method: str, path: str, body: Any, params: Mapping[str, str] | None, content: str
    ) -> tuple["httpx2.Response | None", str, float]:
        """The answer, or why there is none; and for how many seconds the server wants to be left alone."""
        import httpx2

        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": content} if data else {}
        try:
            answer = self._client.request(method, path, params=params, content=data, headers=headers)
        except httpx2.HTTPError as error:
            return None, str(error) or type(error).__name__, 0.0
        told = answer.headers.get("Retry-After", "")
        return answer, "", float(told) if told.isdigit() and answer.status_code in BUSY else 0.0

    def _away(self, said: str) -> Failed:
        fix = "see that it runs and that the kubeconfig names it: kubectl cluster-info"
        return Failed(Reason.NOT_RUNNING, f"the API server at {self.server} does not answer: {said}", fix)

    @contextmanager
    def stream(self, path: str, params: Mapping[str, str]) -> "Iterator[httpx2.Response]":
        """An answer that comes bit by bit, and may never end."""
        import httpx2

        forever = httpx2.Timeout(TIMEOUT, read=None)
        try:
            with self._client.stream("GET", path, params=params, timeout=forever) as answer:
                if answer.is_error:
                    answer.read()
                    raise explained(answer, self.namespace)
                yield answer
        except httpx2.HTTPError as error:
            raise self._away(str(error)) from None

    def once(
        self, method: str, path: str, body: Object | None, headers: Mapping[str, str], timeout: float
    ) -> "httpx2.Response":
        """One request that is not sent again, whatever it comes to. Raises OSError when there is no answer."""
        import httpx2

        data = json.dumps(body).encode() if body is not None else None
        try:
            return self._client.request(method, path, content=data, headers=headers, timeout=timeout)
        except httpx2.TimeoutException as error:
            raise TimeoutError(str(error)) from None
        except httpx2.HTTPError as error:
            raise ConnectionError(str(error)) from None

    @property
    def _client(self) -> "httpx2.Client":
        """Opened at the first use. Raises UsageError when nothing says where a cluster is."""
        if self._opened is None:
            self._opened = opened(self.context)
        return self._opened

    def close(self) -> None:
        """Ends the connections; the next use opens them again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def opened(context: str | None) -> "httpx2.Client":
    """A client of the cluster of a context of the kubeconfig, by default the current one or, in a pod, its own.

    Contexts are names of whoever deploys: a pod without a kubeconfig, such as the keeper's, knows none.
    """
    import os
    from pathlib import Path

    import httpx2
    from lightkube.config.client_adapter import ConnectionParams
    from lightkube.config.kubeconfig import DEFAULT_KUBECONFIG, KubeConfig
    from lightkube.core.exceptions import ConfigError

    try:
        file = Path(os.environ.get("KUBECONFIG", DEFAULT_KUBECONFIG)).expanduser()
        if context and (file.exists() or "KUBERNETES_SERVICE_HOST" not in os.environ):
            config = KubeConfig.from_file(file).get(context)
        else:
            config = KubeConfig.from_env().get()
    except ConfigError as error:
        fix = "set KUBECONFIG, or target.context in the environment: kubectl config get-contexts"
        raise UsageError(f"no cluster to talk to: {error}", fix) from None
    if config is None:
        raise UsageError("the kubeconfig names no current context", "kubectl config use-context NAME")
    params = ConnectionParams(timeout=httpx2.Timeout(TIMEOUT)).httpx_params(config)
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return httpx2.Client(**params, limits=limits)
