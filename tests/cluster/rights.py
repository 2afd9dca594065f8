"""What somebody may do: granted, and known to the API server before the test goes on.

An API server reads roles and bindings from a cache of its own, which is behind what was written by a moment.
"""

from collections.abc import Sequence
from typing import Any

from lightkube import Client
from lightkube.models.authorization_v1 import ResourceAttributes, SubjectAccessReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.authorization_v1 import SubjectAccessReview
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding, Role, RoleBinding

from tests.cluster.objects import made
from tests.repository import until

GROUP = "rbac.authorization.k8s.io"

Subject = dict[str, str]
Rule = dict[str, list[str]]


def user(name: str) -> Subject:
    return {"kind": "User", "name": name, "apiGroup": GROUP}


def group(name: str) -> Subject:
    return {"kind": "Group", "name": name, "apiGroup": GROUP}


def account(namespace: str, name: str) -> Subject:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def grant(client: Client, namespace: str, name: str, subject: Subject, rules: Sequence[Rule]) -> None:
    """Makes a Role and its binding."""
    head: dict[str, Any] = {"metadata": {"name": name, "namespace": namespace}}
    reference = {"apiGroup": GROUP, "kind": "Role", "name": name}
    client.create(made(Role, head | {"rules": list(rules)}))
    client.create(made(RoleBinding, head | {"roleRef": reference, "subjects": [subject]}))
    until(lambda: allowed(client, namespace, subject, rules[-1]), pause=0.02)


def grant_everywhere(client: Client, name: str, subject: Subject, rules: Sequence[Rule]) -> None:
    """Makes a ClusterRole and its binding."""
    head: dict[str, Any] = {"metadata": {"name": name}}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
    client.create(made(ClusterRole, head | {"rules": list(rules)}))
    client.create(made(ClusterRoleBinding, head | {"roleRef": reference, "subjects": [subject]}))
    until(lambda: allowed(client, "", subject, rules[-1]), pause=0.02)


def allowed(client: Client, namespace: str, subject: Subject, rule: Rule) -> bool:
    """Whether somebody may do the first thing that a rule says."""
    resource, _, part = rule["resources"][0].partition("/")
    asked = ResourceAttributes(
        namespace=namespace, group=rule["apiGroups"][0], resource=resource, subresource=part, verb=rule["verbs"][0]
    )
    who = subject["name"]
    if subject["kind"] == "ServiceAccount":
        who = f"system:serviceaccount:{subject['namespace']}:{who}"
    groups = [who] if subject["kind"] == "Group" else []
    spec = SubjectAccessReviewSpec(user=who, groups=groups, resourceAttributes=asked)
    said = client.create(SubjectAccessReview(metadata=ObjectMeta(), spec=spec))
    return bool(said.status and said.status.allowed)
