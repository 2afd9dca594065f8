"""Objects in a branch: who changes which part of them, as field managers do it in a cluster."""

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests.objects import Object


class Ref(NamedTuple):
    """An object of the environment's namespace."""

    kind: str
    name: str


Objects = dict[Ref, Object]
Path = tuple[str, ...]

NOTES: Path = ("metadata", "annotations")

OWNED: dict[str, tuple[Path, ...]] = {
    names.TRAFFIC: (("spec", "selector"), (*NOTES, names.TOKEN), (*NOTES, names.DOWN)),
    names.SCALE: (
        ("spec", "replicas"),
        *((*NOTES, note) for note in (names.TOKEN, names.IDLE_SINCE, names.RESTARTS)),
        ("spec", "template", *NOTES, names.RESTARTED),
    ),
}
"""What belongs to whoever moves the traffic, or says how many pods a slot has. All else is the release's."""

CONTENT = "mooring.dev/content"
"""The annotation with a digest of what was committed: once the cluster shows it, the commit was carried out."""


def ref(one: Object) -> Ref:
    """What an object is called."""
    return Ref(one["kind"], one["metadata"]["name"])


def put(objects: Objects, manifest: Object, manager: str) -> None:
    """Changes an object as a server-side apply of its manager would: what that does not say any more goes away."""
    wanted, found = copy.deepcopy(manifest), objects.get(ref(manifest))
    wanted["metadata"].pop("resourceVersion", None)
    if found is None:
        objects[ref(manifest)] = wanted
        return
    if manager in OWNED:
        kept = copy.deepcopy(found)
        for path in OWNED[manager]:
            _take(kept, path)
        objects[ref(manifest)] = merged(kept, wanted)
        return
    for path in _of_others(manifest):
        value = _get(found, path)
        if value is not None and _get(wanted, path) is None:
            _set(wanted, path, copy.deepcopy(value))
    objects[ref(manifest)] = wanted


def _of_others(manifest: Object) -> tuple[Path, ...]:
    """What of an object the release leaves to others."""
    by_kind = {"Service": names.TRAFFIC, "Deployment": names.SCALE}
    return OWNED[by_kind[manifest["kind"]]] if manifest["kind"] in by_kind else ()


def merged(one: Any, other: Any) -> Any:
    """Both, and where they differ the other."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return copy.deepcopy(other)
    both = {**one, **other}
    return {key: merged(one.get(key, value), value) for key, value in both.items()}


def settled(objects: Objects) -> Objects:
    """As they are committed: without a number of pods where an autoscaler has the say, and with their digests."""
    return {name: _sealed(one, objects) for name, one in sorted(objects.items())}


def _sealed(one: Object, objects: Objects) -> Object:
    found = copy.deepcopy(one)
    scaled = Ref("HorizontalPodAutoscaler", found["metadata"]["name"]) in objects
    if found["kind"] == "Deployment" and scaled and found["spec"].get("replicas") != 0:
        found["spec"].pop("replicas", None)
    _take(found, (*NOTES, CONTENT))
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]
    found["metadata"].setdefault("annotations", {})[CONTENT] = digest
    return found


def tokens(objects: Iterator[Object]) -> Iterator[int]:
    """The fencing tokens that objects carry."""
    for one in objects:
        if token := _get(one, (*NOTES, names.TOKEN)):
            yield int(token)


def content(one: Object | None) -> str | None:
    """The digest of what was committed of an object."""
    return _get(one, (*NOTES, CONTENT)) if one else None


def _get(one: Any, path: Path) -> Any:
    for key in path:
        one = one.get(key) if isinstance(one, dict) else None
    return one


def _set(one: Object, path: Path, value: Any) -> None:
    for key in path[:-1]:
        one = one.setdefault(key, {})
    one[path[-1]] = value


def _take(one: Object, path: Path) -> None:
    """Takes a value away, and what is empty without it."""
    if len(path) > 1 and isinstance(below := one.get(path[0]), dict):
        _take(below, path[1:])
        if not below:
            del one[path[0]]
    elif len(path) == 1:
        one.pop(path[0], None)
