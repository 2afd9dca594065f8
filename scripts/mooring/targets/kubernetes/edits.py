"""What somebody changed by hand in objects that are ours: which field, who, and since when.

The API server keeps that for each field: `metadata.managedFields`.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mooring.rollout.target import Edit
from mooring.targets.kubernetes import names

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api, Object

OURS = frozenset({names.MANAGER, names.TRAFFIC, names.SCALE})

KINDS = ("Service", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy")
"""Of objects in which a change by hand matters to those who call, beside the keeper's own rights."""

SYSTEM = ("kube-controller-manager", "kube-scheduler", "kubelet", "argocd", "flux", "kustomize-controller")
"""Beginnings of managers that carry out what we or the cluster's owner asked for."""

_MISSING = object()


def edits(api: "Api", environment: str, wanted: Mapping[tuple[str, str], "Object"]) -> list[Edit]:
    """Every field of an object of the environment that somebody else has set to what is not `wanted`.

    `wanted` is what was applied, by kind and name. A field that has the wanted value again is no change, and how many
    pods there are is an autoscaler's to say where there is one.
    """
    labels = f"{names.labels(environment)},{names.PART_OF}={names.MANAGER}"
    things = {kind: api.list(kind, labels) for kind in KINDS}
    scaled = {one["metadata"]["name"]: one.get("status") or {} for one in things["HorizontalPodAutoscaler"]}
    found: list[Edit] = []
    for kind, each in things.items():
        for thing in each:
            name = thing["metadata"]["name"]
            applied = wanted.get((kind, name), {})
            if kind == "Deployment" and applied and "desiredReplicas" in scaled.get(name, {}):
                applied = {**applied, "spec": {**applied["spec"], "replicas": scaled[name]["desiredReplicas"]}}
            found += _of(kind, thing, applied)
    return found


def _of(kind: str, thing: "Object", wanted: "Object") -> Iterator[Edit]:
    name = thing["metadata"]["name"]
    for entry in thing["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager", ""))
        if manager in OURS or manager.startswith(SYSTEM) or entry.get("subresource") == "status":
            continue
        since = datetime.fromisoformat(entry["time"]).timestamp() if entry.get("time") else None
        for path, value, applied in _leaves(entry.get("fieldsV1") or {}, thing, wanted, ""):
            if value != applied:
                said = f"{kind} {name}: {path} is {_told(value)}"
                said += f", applied was {_told(applied)}" if applied is not _MISSING else ", which was not applied"
                yield Edit(f"{kind}/{name} {path}", said, manager, since)


def _leaves(fields: Mapping[str, Any], thing: Any, wanted: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Each field of a set of fields, with its value and the one that was applied."""
    below = {key: value for key, value in fields.items() if key != "."}
    if not below:
        if path:
            yield path, thing, wanted
        return
    for key, value in below.items():
        kind, _, rest = key.partition(":")
        if kind == "f":
            at = f"{path}.{rest}" if path else rest
            yield from _leaves(value, _get(thing, rest), _get(wanted, rest), at)
        elif kind == "k":
            chosen = json.loads(rest)
            said = ",".join(f"{name}={text}" for name, text in chosen.items())
            yield from _leaves(value, _item(thing, chosen), _item(wanted, chosen), f"{path}[{said}]")
        elif kind == "v":
            element = json.loads(rest)
            yield f"{path}[{element}]", element, element if isinstance(wanted, list) and element in wanted else _MISSING


def _get(value: Any, key: str) -> Any:
    return value.get(key, _MISSING) if isinstance(value, dict) else _MISSING


def _item(value: Any, chosen: Mapping[str, Any]) -> Any:
    """The element of a list that has these keys."""
    for one in value if isinstance(value, list) else ():
        if all(one.get(name) == text for name, text in chosen.items()):
            return one
    return _MISSING


def _told(value: Any) -> str:
    text = "nothing" if value is _MISSING else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
