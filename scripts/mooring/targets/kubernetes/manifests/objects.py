"""What all objects have in common: the target they are of, and the labels by which they are found."""

from collections.abc import Mapping
from typing import Any

from mooring.errors import UsageError
from mooring.release.content import ReleaseContent
from mooring.spec.target import KubernetesTarget
from mooring.targets.kubernetes import names

Object = dict[str, Any]
"""An object as Kubernetes takes it, in JSON or YAML."""

COMPONENT = "app.kubernetes.io/component"


def target_of(content: ReleaseContent) -> KubernetesTarget:
    """The cluster's part of a release. Raises UsageError for a release of another kind of target."""
    environment = content.environment
    if not isinstance(environment.target, KubernetesTarget):
        raise UsageError(f"{environment.name} runs on one machine", "target.type: kubernetes in its document")
    return environment.target


def labels(environment: str, slot: str | None = None, component: str | None = None) -> dict[str, str]:
    """By which an object is found."""
    found = {names.PART_OF: names.MANAGER, names.ENVIRONMENT: environment}
    if component:
        found[COMPONENT] = component
    return found | ({names.SLOT: slot} if slot else {})


def selector(environment: str, slot: str) -> dict[str, str]:
    """Which pods are a slot's. A Deployment's can never be changed, so nothing is in it that a release decides."""
    return {names.ENVIRONMENT: environment, names.SLOT: slot}


def keeper_selector(environment: str) -> dict[str, str]:
    """Which pod keeps house."""
    return {names.ENVIRONMENT: environment, COMPONENT: "keeper"}


def head(
    content: ReleaseContent,
    kind: str,
    name: str,
    given: Mapping[str, str],
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """The first lines of an object: `apiVersion`, `kind` and `metadata`."""
    metadata: Object = {"name": name, "namespace": target_of(content).namespace, "labels": dict(given)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": metadata}


VERSIONS = {
    "ServiceAccount": "v1",
    "Service": "v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Deployment": "apps/v1",
    "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}
"""Of the kinds that are rendered. All are in every version of Kubernetes from 1.30 on, which is the oldest that has
a `preStop` that sleeps without a program in the image.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
"""
