"""A Helm chart: the same manifests, with what an operator chooses as values."""

import copy
from collections.abc import Callable
from typing import Any

from mooring.metrics import IN_FLIGHT
from mooring.release.content import ReleaseContent
from mooring.rollout.state import Side
from mooring.spec.target import Autoscaling
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests.objects import Object, target_of
from mooring.targets.kubernetes.manifests.slot import autoscaler
from mooring.targets.kubernetes.rendering.plain import Files, grouped, rendered_by, text
from mooring.targets.kubernetes.rendering.text import Chosen, Only, document

NAMESPACE = Chosen(".Release.Namespace")
SHORT = Chosen('.Values.release | trimPrefix "sha256:" | trunc 32 | quote')
RELEASE = Chosen(".Values.release | quote")
AUTOSCALER = "autoscaler.yaml"
SCALED = ".Values.autoscaling.enabled"

SAID = {
    "image": "of the code, by its digest",
    "release": "of the documents: `moor release show`; pods take it from the database and verify it",
    "secret": "the Secret whose keys are the variables that documents name",
    "replicas": "pods of the slot; with autoscaling the fewest",
    "autoscaling.cpuPercent": "of the cores that are asked for",
    "autoscaling.inFlight": f"requests a pod answers at once, where an adapter offers {IN_FLIGHT}; null: none does",
}


def helm(content: ReleaseContent, side: Side) -> Files:
    """A chart. Installed with its own values into the target's namespace, it is what `manifests` renders."""
    environment = content.environment.name
    chart = {
        "apiVersion": "v2",
        "name": environment,
        "description": content.environment.description,
        "type": "application",
        "version": content.environment.version,
    }
    files = {
        path: text(environment, [_chosen(content, one) for one in objects])
        for path, objects in _with_autoscaler(content, side).items()
    }
    files[AUTOSCALER] = f"{{{{- if {SCALED} }}}}\n{files[AUTOSCALER]}{{{{- end }}}}\n"
    said = rendered_by(environment)
    return {
        "Chart.yaml": said + document(chart, {}),
        "values.yaml": said + document(values(content, side), SAID),
        **{f"templates/{path}": body for path, body in files.items()},
    }


def values(content: ReleaseContent, side: Side) -> Object:
    """What is chosen, with what the environment's document says."""
    target = target_of(content)
    scaling = target.autoscaling or _default(target.replicas)
    resources = {
        "requests": {"cpu": target.resources.cpu, "memory": target.resources.memory},
        "limits": {"memory": target.resources.memory},
    }
    return {
        "image": target.image,
        "release": side.digest,
        "secret": target.secret,
        "replicas": target.replicas,
        "autoscaling": {
            "enabled": target.autoscaling is not None,
            "most": scaling.most,
            "cpuPercent": round(scaling.cpu * 100),
            "inFlight": scaling.in_flight,
        },
        "resources": resources,
        "service": {"port": target.port},
    }


def _default(replicas: int) -> Autoscaling:
    """What a chart offers where the document has no autoscaling."""
    return Autoscaling(most=replicas * 4)


def _with_autoscaler(content: ReleaseContent, side: Side) -> dict[str, list[Object]]:
    """The objects by file, with an autoscaler in any case: whether there is one is chosen."""
    target = target_of(content)
    scaling = Autoscaling(most=(target.autoscaling or _default(target.replicas)).most, in_flight=1)
    scaled = _environment(content, target.model_copy(update={"autoscaling": scaling}))
    fixed = _environment(content, target.model_copy(update={"autoscaling": None}))
    return grouped(fixed, side) | {AUTOSCALER: [autoscaler(scaled, side.slot, target.replicas)]}


def _environment(content: ReleaseContent, target: Any) -> ReleaseContent:
    environment = content.environment.model_copy(update={"target": target})
    return content.model_copy(update={"environment": environment})


def _chosen(content: ReleaseContent, one: Object) -> Object:
    """An object with placeholders for what is chosen."""
    found = copy.deepcopy(one)
    found["metadata"]["namespace"] = NAMESPACE
    by_kind: dict[str, Callable[[ReleaseContent, Object], Object]] = {
        "Deployment": _deployment,
        "Service": _service,
        "RoleBinding": _binding,
        "HorizontalPodAutoscaler": _autoscaler,
    }
    return by_kind[one["kind"]](content, found) if one["kind"] in by_kind else found


def _deployment(content: ReleaseContent, one: Object) -> Object:
    pod = one["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    container["image"] = Chosen(".Values.image | quote")
    for variable in container["env"]:
        key = variable.get("valueFrom", {}).get("secretKeyRef")
        if key and key["name"] == target_of(content).secret:
            key["name"] = Chosen(".Values.secret | quote")
    if names.SLOT not in one["metadata"]["labels"]:
        return one
    for metadata in (one["metadata"], pod["metadata"]):
        metadata["labels"][names.RELEASE] = SHORT
        metadata["annotations"][names.DIGEST] = RELEASE
    container["command"][-1] = RELEASE
    container["resources"] = Chosen(".Values.resources | toJson")
    one["spec"]["replicas"] = Only(f"not {SCALED}", Chosen(".Values.replicas"))
    return one


def _service(content: ReleaseContent, one: Object) -> Object:
    if one["metadata"]["name"] == names.service(content.environment.name):
        one["metadata"]["annotations"][names.DIGEST] = RELEASE
        one["spec"]["ports"][0]["port"] = Chosen(".Values.service.port")
    return one


def _binding(_content: ReleaseContent, one: Object) -> Object:
    one["subjects"][0]["namespace"] = NAMESPACE
    return one


def _autoscaler(_content: ReleaseContent, one: Object) -> Object:
    spec = one["spec"]
    spec["minReplicas"] = Chosen(".Values.replicas")
    spec["maxReplicas"] = Chosen("max .Values.replicas .Values.autoscaling.most")
    in_flight, cpu = spec["metrics"]
    in_flight["pods"]["target"]["averageValue"] = Chosen(".Values.autoscaling.inFlight | quote")
    cpu["resource"]["target"]["averageUtilization"] = Chosen(".Values.autoscaling.cpuPercent")
    spec["metrics"] = [Only(".Values.autoscaling.inFlight", in_flight), cpu]
    return one
