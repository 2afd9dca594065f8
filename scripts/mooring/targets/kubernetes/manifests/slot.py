"""A slot: its Deployment, what keeps a drained node from taking all its pods, and what adds pods under load."""

import math

from mooring.metrics import IN_FLIGHT
from mooring.release.content import ReleaseContent
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests import pod
from mooring.targets.kubernetes.manifests.objects import Object, head, labels, selector, target_of
from mooring.targets.kubernetes.manifests.variables import of_slot

PROGRAM = "mooring.targets.kubernetes.pod"

PRE_STOP = 5
"""Seconds that a pod that is to end goes on accepting: so long do nodes take to hear that it is no endpoint any more.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow
"""

MARGIN = 15
"""Seconds beyond those of requests under way, to end in order: counts are written, leases given back."""


REQUESTS_API = "custom.metrics.k8s.io"
"""The API group that an adapter serves where requests in flight can be scaled by.

Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#support-for-metrics-apis
"""


def slot(
    content: ReleaseContent, name: str, digest: str, replicas: int, idle_since: float | None = None
) -> list[Object]:
    """The objects of a slot with a release; `replicas` is how many pods it has, 0 for none.

    `idle_since` is the Unix time at which it lost the traffic: from then on no pods are added under load. With
    autoscaling, the number of pods is the autoscaler's alone from the first on, and the Deployment leaves it out:
    whoever takes it out later has it set to 1 for a moment. Only 0 is said there, which turns the autoscaler off.

    Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation
    """
    scaled = target_of(content).autoscaling is not None and replicas > 0
    found = [
        deployment(content, name, digest, None if scaled else replicas, idle_since),
        disruptions(content, name),
    ]
    return [*found, autoscaler(content, name, replicas, idle_since is not None)] if scaled else found


def deployment(
    content: ReleaseContent, slot: str, digest: str, replicas: int | None, idle_since: float | None = None
) -> Object:
    """The Deployment of a slot; `replicas` None leaves the number of pods to whoever has it."""
    environment, rollout = content.environment.name, content.environment.rollout
    release = {names.RELEASE: names.short(digest)}
    found = labels(environment, slot, "slot") | release
    idle = {} if idle_since is None else {names.IDLE_SINCE: f"{idle_since:.0f}"}
    spec: Object = {} if replicas is None else {"replicas": replicas}
    spec |= {
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": max(60, math.ceil(rollout.deadline_seconds)),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "50%"}},
        "selector": {"matchLabels": selector(environment, slot)},
        "template": pod.template(
            content,
            labels=found,
            annotations={names.DIGEST: digest},
            container=_container(content, slot, digest),
            account=names.service(environment),
            token=False,
            grace=math.ceil(rollout.drain_seconds) + PRE_STOP + MARGIN,
        ),
    }
    of_release = selector(environment, slot) | release
    spec["template"]["spec"] |= {
        "topologySpreadConstraints": [_over_nodes(of_release)],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [_over_zones(of_release)]}},
    }
    named = names.deployment(environment, slot)
    return head(content, "Deployment", named, found, {names.DIGEST: digest, **idle}) | {"spec": spec}


def _container(content: ReleaseContent, slot: str, digest: str) -> Object:
    resources, rollout = target_of(content).resources, content.environment.rollout
    scheme = "HTTPS" if content.environment.serving.tls else "HTTP"
    return pod.container(
        content,
        "slot",
        (PROGRAM, "--slot", slot, "--release", digest),
        variables=of_slot(content),
        ports={"http": names.HTTP, "admin": names.ADMIN},
        resources={
            "requests": {"cpu": resources.cpu, "memory": resources.memory},
            "limits": {"memory": resources.memory},
        },
        startupProbe=pod.probe(
            "/startupz", "http", period=1, failures=max(60, math.ceil(rollout.deadline_seconds)), scheme=scheme
        ),
        livenessProbe=pod.probe("/livez", "http", period=10, failures=3, timeout=5, scheme=scheme),
        readinessProbe=pod.probe("/readyz", "http", period=2, failures=2, scheme=scheme),
        lifecycle={"preStop": {"sleep": {"seconds": PRE_STOP}}},
    )


def _over_nodes(labels: Object) -> Object:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }


def _over_zones(labels: Object) -> Object:
    """No second constraint: where nodes lack the label of one, as without zones, the scheduler looks at none of them.

    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#implicit-conventions
    """
    term = {"topologyKey": "topology.kubernetes.io/zone", "labelSelector": {"matchLabels": labels}}
    return {"weight": 100, "podAffinityTerm": term}


def disruptions(content: ReleaseContent, slot: str) -> Object:
    """At most one pod of a slot is moved away at once, such as when nodes are drained."""
    environment = content.environment.name
    spec = {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": selector(environment, slot)},
    }
    named = names.deployment(environment, slot)
    return head(content, "PodDisruptionBudget", named, labels(environment, slot, "slot")) | {"spec": spec}


def autoscaler(content: ReleaseContent, slot: str, replicas: int, idle: bool = False) -> Object:
    """How many pods a slot has: `replicas` at least; more under load, but not while it is `idle`.

    Where the document says how many requests a pod answers at once, the larger of both numbers counts.
    """
    environment, target = content.environment.name, target_of(content)
    scaling = target.autoscaling
    if scaling is None:
        raise ValueError(f"{environment} has no autoscaling")
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": round(scaling.cpu * 100)}}
    metrics: list[Object] = [{"type": "Resource", "resource": cpu}]
    if scaling.in_flight:
        aim = {"type": "AverageValue", "averageValue": str(scaling.in_flight)}
        metrics.insert(0, {"type": "Pods", "pods": {"metric": {"name": IN_FLIGHT}, "target": aim}})
    named = names.deployment(environment, slot)
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": named},
        "minReplicas": replicas,
        "maxReplicas": replicas if idle else max(replicas, scaling.most),
        "metrics": metrics,
    }
    return head(content, "HorizontalPodAutoscaler", named, labels(environment, slot, "slot")) | {"spec": spec}


def by_processor_alone(scaler: Object) -> None:
    """Takes requests in flight out of an autoscaler, for a cluster without an adapter.

    With a metric that nobody offers, Kubernetes adds pods by the others and takes none away any more.
    Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#scaling-on-multiple-metrics
    """
    scaler["spec"]["metrics"] = [one for one in scaler["spec"]["metrics"] if one["type"] != "Pods"]
