"""The admin doors of pods, by way of the API server: reachable from wherever the cluster is."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.targets.kubernetes import kinds, names

if TYPE_CHECKING:
    import httpx2

    from mooring.targets.kubernetes.api import Api

T = TypeVar("T")

AT_ONCE = 32
"""Pods that are asked at once."""


class Doors:
    """The doors of an environment's pods. The token is read once, from the Secret that `ensure` made."""

    def __init__(self, api: "Api", environment: str) -> None:
        self._api, self._environment = api, environment
        self._token: str | None = None

    def call(self, pod: str, route: str, body: Any = None, timeout: float = 5) -> Any:
        """The answer's JSON. Raises Stopped as the door said, OSError when nobody answers in `timeout` seconds."""
        method, _, path = route.partition(" ")
        where = kinds.path(self._api.namespace, "Pod", names.proxied(pod), f"proxy{path}")
        answer = self._api.once(method, where, body, {names.ADMIN_HEADER: self.token()}, timeout)
        if answer.status_code == 401 or (answer.status_code == 403 and "pods/proxy" not in answer.text):
            self._token = None  # it was replaced meanwhile
            answer = self._api.once(method, where, body, {names.ADMIN_HEADER: self.token()}, timeout)
        return _unwrap(answer, pod)

    def each(self, pods: Iterable[str], route: str, timeout: float) -> dict[str, Any]:
        """The answers of those that gave one, by pod."""
        asked = list(pods)
        found = together([partial(self.quiet, pod, route, timeout) for pod in asked])
        return {pod: said for pod, said in zip(asked, found, strict=True) if said is not None}

    def quiet(self, pod: str, route: str, timeout: float, body: Any = None) -> Any:
        """The answer; None when there is none, whyever."""
        try:
            return self.call(pod, route, body, timeout)
        except (OSError, Failed, Refused):
            return None

    def token(self) -> str:
        """In a pod, as its own door has it. Failed(NOT_RUNNING) when there is no Secret with one."""
        if self._token is None and (own := os.environ.get(names.ADMIN_TOKEN)):
            return own
        if self._token is None:
            from base64 import b64decode

            name = names.admin(self._environment)
            secret = self._api.get("Secret", name)
            held = ((secret or {}).get("data") or {}).get("token")
            if not held:
                fix = f"moor up {self._environment}"
                raise Failed(Reason.NOT_RUNNING, f"there is no Secret {name} with a token", fix)
            self._token = b64decode(held).decode()
        return self._token


def together(work: Iterable[Callable[[], T]]) -> list[T]:
    """The results of functions that wait for the network, in their order, AT_ONCE at a time."""
    todo = list(work)
    if len(todo) < 2:
        return [each() for each in todo]
    with ThreadPoolExecutor(min(len(todo), AT_ONCE)) as pool:
        return list(pool.map(lambda each: each(), todo))


def _unwrap(answer: "httpx2.Response", pod: str) -> Any:
    """As a slot's own door is understood: `runtime.process.unix_http`."""
    try:
        said = answer.json()
    except ValueError:
        raise ConnectionError(f"{pod}: {answer.text[:200] or answer.status_code}") from None
    if answer.status_code == 200:
        return said
    if answer.status_code == 409 and "refused" in said:
        kind = Refused if said["refused"] else Failed
        raise kind(Reason(said["reason"]), said["message"], said["fix"])
    if said.get("kind") == "Status":  # of the API server, which did not reach it
        raise ConnectionError(f"{pod}: {quote(str(said.get('message')), safe=' :/.,()')}")
    raise Failed(Reason.PROCESS, str(said.get("message", f"{pod}: status {answer.status_code}")))
