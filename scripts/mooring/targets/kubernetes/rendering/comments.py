"""What a reviewer of manifests asks, and the answer: comments by kind and dotted path."""

from mooring.targets.kubernetes.manifests.access import EVERYWHERE, GRANTS
from mooring.targets.kubernetes.manifests.objects import Object
from mooring.targets.kubernetes.rendering.text import Comments


def _of_pod(said: dict[str, str]) -> Comments:
    return {f"spec.template.spec.{path}": text for path, text in said.items()}


_DEPLOYMENT = _of_pod(
    {
        "enableServiceLinks": "or every Service of the namespace would be a variable of each pod",
        "containers.*.env": "secrets by the keys of a Secret: kubectl create secret generic",
        "containers.*.resources": "a pod that has more memory than its limit is ended; processor time has no limit",
        "containers.*.livenessProbe": "whether the event loop moves; nothing outside the pod is asked",
        "volumes": "gone with the pod: what must last is in PostgreSQL",
    }
)

SLOT: Comments = {
    **_DEPLOYMENT,
    "spec.progressDeadlineSeconds": "rollout.deadlineSeconds, a minute at least",
    "spec.strategy.rollingUpdate": "no pod goes before another one is ready",
    **_of_pod(
        {
            "terminationGracePeriodSeconds": "rollout.drainSeconds, the pause of preStop, and some to end in order",
            "containers.*.startupProbe": "until the release is loaded and verified",
            "containers.*.readinessProbe": "whether requests would be answered",
            "containers.*.lifecycle": "it goes on accepting until nodes have heard that it is no endpoint any more",
            "topologySpreadConstraints": "over nodes, as far as there is room",
            "affinity": "over zones, where nodes have any",
        }
    ),
}

KEEPER: Comments = {
    **_DEPLOYMENT,
    "spec.strategy": "never two at once",
    **_of_pod({"automountServiceAccountToken": "it may do what its Role says, in access.yaml"}),
}

TRAFFIC: Comments = {"spec.selector": "the live slot: a switch or a rollback changes this"}

BY_KIND: dict[str, Comments] = {
    "Role": {f"rules.{place}": grant.reason for place, grant in enumerate(GRANTS)},
    "PodDisruptionBudget": {"spec.maxUnavailable": "nodes can be drained, pod by pod"},
    "HorizontalPodAutoscaler": {"spec.metrics": "the one that asks for most pods counts"},
    "NetworkPolicy": {
        "spec.policyTypes": "what pods call is open: models and tools are anywhere",
        "spec.ingress.*.from": "the keeper, and target.adminSourceRanges: from there the API server reaches pods",
    },
}

OPEN: Comments = {
    **BY_KIND["NetworkPolicy"],
    "spec.ingress.*.from": "the keeper, and the API server, whose address only the owner of the cluster knows:\n"
    "say it in target.adminSourceRanges; until then the token of the Secret alone guards this port",
}


def comments_of(one: Object, environment: str) -> Comments:
    """Those of an object."""
    if one["kind"] == "Deployment":
        return KEEPER if one["metadata"]["name"].endswith("-keeper") else SLOT
    if one["kind"] == "Service" and one["metadata"]["name"] == environment:
        return TRAFFIC
    if one["kind"] == "NetworkPolicy" and EVERYWHERE[-1] in str(one["spec"]["ingress"]):
        return OPEN
    return BY_KIND.get(one["kind"], {})
