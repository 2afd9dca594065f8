"""What must hold before an environment of a cluster can be changed: every finding at once, each with a fix."""

import json
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason
from mooring.targets.kubernetes import kinds, names
from mooring.targets.kubernetes.doors import together

if TYPE_CHECKING:
    from mooring.spec.target import KubernetesTarget
    from mooring.targets.kubernetes.api import Api

APPLIED = ("get", "create", "patch")
NEEDS: dict[str, tuple[str, ...]] = {
    "deployments": ("get", "list", "create", "patch", "delete"),
    "services": APPLIED,
    "serviceaccounts": APPLIED,
    "secrets": ("get", "create"),
    "pods": ("get", "list"),
    "pods/log": ("get",),
    "pods/proxy": ("get", "create"),
    "endpointslices": ("list",),
    "replicasets": ("list",),
    "roles": APPLIED,
    "rolebindings": APPLIED,
    "networkpolicies": APPLIED,
    "poddisruptionbudgets": APPLIED,
    "horizontalpodautoscalers": (*APPLIED, "delete"),
}
"""The verbs that whoever deploys must have in the namespace, by resource."""

REMOVED = ("list", "delete")
DRILLS: dict[str, tuple[str, ...]] = {
    "pods": ("delete",),
    "services/proxy": ("get", "create"),
    "secrets": ("delete",),
    **dict.fromkeys(
        (
            "horizontalpodautoscalers", "deployments", "services", "poddisruptionbudgets", "networkpolicies",
            "rolebindings", "roles", "serviceaccounts",
        ),
        REMOVED,
    ),
}  # fmt: skip
"""The verbs that whoever drills must have beside those: for what it breaks and asks, and to take its copy away."""

GROUPS = {plural: kinds.group(kind) for kind, (_base, plural) in kinds.PLACES.items()}


def same_cluster(api: "Api", target: "KubernetesTarget", environment: str) -> None:
    """Refused(STALE) when the cluster is another than the document names."""
    try:
        found = api.cluster()
    except Refused as refused:
        rule = '{apiGroups: [""], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}'
        what = f"the cluster at {api.server} does not say which it is: {refused}"
        raise Refused(Reason.GUARDED, what, f"add to a ClusterRole: {rule}") from None
    if found != target.cluster:
        asked = f"context {api.context}" if api.context else "the current context"
        what = f"{asked} is cluster {found} at {api.server}, and {environment} is in cluster {target.cluster}"
        raise Refused(Reason.STALE, what, "kubectl config use-context NAME, or target.context in the document")


def namespace(api: "Api") -> None:
    """Failed(NOT_RUNNING) when the namespace is not there, Refused(STALE) while it is being deleted."""
    try:
        found = api.here()
    except Refused:
        return  # who may not look at it may still work in it
    if found is None:
        what = f"there is no namespace {api.namespace} in the cluster at {api.server}"
        raise Failed(Reason.NOT_RUNNING, what, f"kubectl create namespace {api.namespace}")
    if (found.get("status") or {}).get("phase") == "Terminating":
        what = f"namespace {api.namespace} is being deleted"
        raise Refused(Reason.STALE, what, f"wait until it is gone, then: kubectl create namespace {api.namespace}")


def permissions(api: "Api", needs: dict[str, tuple[str, ...]] | None = None) -> None:
    """Refused(GUARDED) with every verb that is lacking, and the rule to add."""
    asked = [(resource, verb) for resource, verbs in (needs or NEEDS).items() for verb in verbs]
    allowed = together([partial(_may, api, resource, verb) for resource, verb in asked])
    lacking: dict[str, list[str]] = {}
    for (resource, verb), may in zip(asked, allowed, strict=True):
        if not may:
            lacking.setdefault(resource, []).append(verb)
    if lacking:
        what = "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in lacking.items())
        raise Refused(Reason.GUARDED, f"in namespace {api.namespace} you may not {what}", _rules(api, lacking))


def drills(api: "Api") -> None:
    """Refused(GUARDED) with every verb that is lacking of all that a live drill needs, and the rule to add."""
    both = {name: [*NEEDS.get(name, ()), *DRILLS.get(name, ())] for name in {**NEEDS, **DRILLS}}
    permissions(api, {name: tuple(dict.fromkeys(verbs)) for name, verbs in both.items()})


def _may(api: "Api", resource: str, verb: str) -> bool:
    name, _, below = resource.partition("/")
    return api.review({"group": GROUPS[name], "resource": name, "subresource": below, "verb": verb})


def _rules(api: "Api", lacking: dict[str, list[str]]) -> str:
    """As they stand in a Role, one resource a rule."""
    rules = [
        json.dumps({"apiGroups": [GROUPS[name.partition("/")[0]]], "resources": [name], "verbs": verbs})
        for name, verbs in lacking.items()
    ]
    return f"add to your Role in {api.namespace}: {' '.join(rules)}"


def secrets(api: "Api", target: "KubernetesTarget", variables: Iterable[str]) -> None:
    """Refused(NOT_READY) with every key that the Secret lacks; values are not looked at."""
    wanted = sorted(set(variables))
    if not wanted:
        return
    found = api.get("Secret", target.secret)
    lacking = [name for name in wanted if name not in ((found or {}).get("data") or {})]
    if lacking:
        lacks = "is not there, and should have" if found is None else "lacks"
        keys = ", ".join(lacking)
        literals = " ".join(f"--from-literal={name}=…" for name in lacking)
        fix = f"kubectl -n {api.namespace} create secret generic {target.secret} {literals}"
        if found is not None:
            fix = f"kubectl -n {api.namespace} edit secret {target.secret}"
        raise Refused(Reason.NOT_READY, f"the Secret {target.secret} in {api.namespace} {lacks}: {keys}", fix)


def admin_secret(api: "Api", environment: str) -> None:
    """Makes the Secret with the token of the admin doors, unless there is one."""
    from base64 import b64encode
    from secrets import token_urlsafe

    name = names.admin(environment)
    if api.get("Secret", name) is not None:
        return
    labels = {names.PART_OF: names.MANAGER, names.ENVIRONMENT: environment}
    data = {"token": b64encode(token_urlsafe(32).encode()).decode()}
    head = {"name": name, "namespace": api.namespace, "labels": labels}
    try:
        api.create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": head, "type": "Opaque", "data": data}, names.MANAGER
        )
    except Refused:
        if api.get("Secret", name) is None:  # another process made it just now
            raise


def all_at_once(checks: Iterable["partial[None]"]) -> None:
    """Runs checks that do not depend on each other; one error that says what all of them found."""
    found: list[Stopped] = []
    for check in checks:
        try:
            check()
        except Stopped as stopped:
            found.append(stopped)
    if len(found) == 1:
        raise found[0]
    if found:
        what = "; ".join(f"{number}. {each}" for number, each in enumerate(found, 1))
        raise Refused(found[0].reason, what, " | ".join(each.fix for each in found if each.fix))
