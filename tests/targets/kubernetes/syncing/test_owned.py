"""Objects in a branch change as those in a cluster do: each manager its part, and nothing is left behind."""

import copy
from typing import Any

import pytest

from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.syncing.owned import Objects, Ref, content, put, settled, tokens

BLUE = Ref("Deployment", "production-blue")


def deployment(image: str = "a", **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"annotations": {names.DIGEST: image}}, "spec": {"containers": [{"image": image}]}}
    head = {"name": BLUE.name, "annotations": {names.DIGEST: image}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": head, "spec": {"template": template, **spec}}


def scaled(replicas: int, **notes: str) -> dict[str, Any]:
    head = {"name": BLUE.name, "annotations": notes, "resourceVersion": "12"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": head, "spec": {"replicas": replicas}}


def test_a_release_leaves_the_number_of_pods_to_whom_it_belongs() -> None:
    objects: Objects = {}
    put(objects, deployment("a"), names.MANAGER)
    put(objects, scaled(3, **{names.TOKEN: "4"}), names.SCALE)
    put(objects, deployment("b"), names.MANAGER)
    found = objects[BLUE]
    assert found["spec"]["replicas"] == 3
    assert found["spec"]["template"]["spec"]["containers"] == [{"image": "b"}]
    assert found["metadata"]["annotations"] == {names.DIGEST: "b", names.TOKEN: "4"}
    assert "resourceVersion" not in found["metadata"]


def test_what_a_manager_does_not_say_any_more_goes_away() -> None:
    objects: Objects = {}
    put(objects, deployment(), names.MANAGER)
    put(objects, scaled(3, **{names.TOKEN: "4", names.IDLE_SINCE: "9"}), names.SCALE)
    put(objects, scaled(2, **{names.TOKEN: "5"}), names.SCALE)
    assert objects[BLUE]["metadata"]["annotations"] == {names.DIGEST: "a", names.TOKEN: "5"}
    put(objects, deployment(paused=True), names.MANAGER)
    put(objects, deployment(), names.MANAGER)
    assert "paused" not in objects[BLUE]["spec"]


def test_the_pointer_is_replaced_as_a_whole() -> None:
    service = {"kind": "Service", "metadata": {"name": "production"}, "spec": {"selector": {"old": "one", "slot": "a"}}}
    objects: Objects = {}
    put(objects, service, names.MANAGER)
    moved = {**copy.deepcopy(service), "spec": {"selector": {"slot": "b"}}}
    put(objects, moved, names.TRAFFIC)
    assert objects[Ref("Service", "production")]["spec"]["selector"] == {"slot": "b"}


@pytest.mark.parametrize(("replicas", "said"), [(3, None), (0, 0)])
def test_where_an_autoscaler_has_the_say_no_number_is_committed_but_none(replicas: int, said: int | None) -> None:
    objects: Objects = {}
    put(objects, deployment(replicas=replicas), names.MANAGER)
    put(objects, {"kind": "HorizontalPodAutoscaler", "metadata": {"name": BLUE.name}, "spec": {}}, names.MANAGER)
    assert settled(objects)[BLUE]["spec"].get("replicas") == said
    assert objects[BLUE]["spec"]["replicas"] == replicas


def test_an_object_carries_the_digest_of_what_it_says() -> None:
    objects: Objects = {}
    put(objects, deployment("a"), names.MANAGER)
    first = content(settled(objects)[BLUE])
    assert content(settled(settled(objects))[BLUE]) == first
    put(objects, deployment("b"), names.MANAGER)
    assert content(settled(objects)[BLUE]) != first


def test_tokens_are_found_where_there_are_any() -> None:
    assert list(tokens(iter([deployment(), scaled(1, **{names.TOKEN: "7"})]))) == [7]
