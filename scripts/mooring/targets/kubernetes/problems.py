"""What an API server refuses, as the errors of commands: who may not do what, and who holds which field."""

import re
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason

if TYPE_CHECKING:
    import httpx2


class Outdated(Refused):
    """An object is not as it was read any more."""


class Contested(Refused):
    """Somebody else holds a field: `holders` are managers with the fields of each."""

    def __init__(self, message: str, fix: str, holders: dict[str, list[str]]) -> None:
        super().__init__(Reason.CONTESTED, message, fix)
        self.holders = holders


def explained(answer: "httpx2.Response", namespace: str) -> Stopped:
    """The error for an answer that is one.

    Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
    (Response Status Kind)
    """
    said = _status(answer)
    message = str(said.get("message") or f"status {answer.status_code}").strip()
    match answer.status_code:
        case 401:
            fix = "renew the credentials of the kubeconfig: kubectl auth whoami"
            return Refused(Reason.GUARDED, f"the cluster does not know who asks: {message}", fix)
        case 403 if "quota" in message:
            fix = f"ask for more, or for less: kubectl -n {namespace} describe resourcequota"
            return Failed(Reason.NOT_READY, f"the quota of namespace {namespace} is used up: {message}", fix)
        case 403 if "because it is being terminated" in message:
            fix = "wait until it is gone, then make it again"
            return Refused(Reason.STALE, f"namespace {namespace} is being deleted", fix)
        case 403:
            return Refused(Reason.GUARDED, f"the cluster does not allow that: {message}", _grant(message, namespace))
        case 404:
            return Failed(Reason.NOT_RUNNING, f"it is not there: {message}", f"kubectl -n {namespace} get all")
        case 409:
            return _conflict(said, message, namespace)
        case 422:
            return Failed(Reason.PROCESS, f"the cluster does not take it: {message}", "correct target in the document")
        case 429 | 500 | 502 | 503 | 504:
            what = f"the API server is busy or restarts ({answer.status_code}): {message}"
            return Failed(Reason.NOT_RUNNING, what, "try again")
    return Failed(Reason.PROCESS, f"the cluster answered {answer.status_code}: {message}")


def _status(answer: "httpx2.Response") -> dict[str, Any]:
    """The answer's Status object; what a proxy on the way said stands as its message."""
    try:
        said = answer.json()
    except ValueError:
        return {"message": answer.text[:300]}
    return said if isinstance(said, dict) else {}


def _grant(message: str, namespace: str) -> str:
    """The rule to add, as far as the server says what was missing."""
    found = re.search(r'cannot (\w+) resource "([^"]+)" in API group "([^"]*)"', message)
    if not found:
        return f"kubectl -n {namespace} auth can-i --list"
    verb, resource, group = found.groups()
    return f'add to the Role in {namespace}: {{apiGroups: ["{group}"], resources: [{resource}], verbs: [{verb}]}}'


def _conflict(said: dict[str, Any], message: str, namespace: str) -> Stopped:
    causes = (said.get("details") or {}).get("causes") or ()
    holders: dict[str, list[str]] = {}
    for cause in causes:
        if cause.get("reason") == "FieldManagerConflict":
            manager = re.search(r'conflict with "([^"]+)"', cause.get("message", ""))
            holders.setdefault(manager[1] if manager else "somebody", []).append(str(cause.get("field")))
    if not holders:
        return Outdated(Reason.CONTESTED, f"somebody else changed it meanwhile: {message}", "try again")
    details = said.get("details") or {}
    what = f"{details.get('kind', 'object')} {details.get('name', '')}".strip()
    who = "; ".join(f"{manager} set {', '.join(fields)}" for manager, fields in holders.items())
    fix = f"see `moor drift`; kubectl -n {namespace} get {what.replace(' ', '/', 1)} -o yaml --show-managed-fields"
    return Contested(f"{what} was changed by hand: {who}", fix, holders)
