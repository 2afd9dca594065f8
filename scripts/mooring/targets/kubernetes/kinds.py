"""Where the API server has objects of each kind that a target looks at or changes."""

from typing import Final

PLACES: Final = {
    "ConfigMap": ("api/v1", "configmaps"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices"),
    "Event": ("api/v1", "events"),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies"),
    "Pod": ("api/v1", "pods"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
}
"""The API's group and version as a path, and the plural. All of them are in a namespace.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
"""


def path(namespace: str, kind: str, name: str = "", below: str = "") -> str:
    """The path of an object, of what is `below` it such as `log`, or of all objects of the kind."""
    base, plural = PLACES[kind]
    return "/".join(filter(None, ["", base, "namespaces", namespace, plural, name, below]))


def group(kind: str) -> str:
    """The API group, "" for the core one."""
    base = PLACES[kind][0]
    return base.split("/")[1] if base.startswith("apis/") else ""
