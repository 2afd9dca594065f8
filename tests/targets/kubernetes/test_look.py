"""What is seen of a slot while load adds pods to it: the live one serves, whatever else is still starting."""

from typing import Any

import pytest

from mooring.rollout.target import SlotFacts
from mooring.targets.kubernetes import look, names
from mooring.targets.kubernetes.pods import Pod

DIGEST = f"sha256:{'ab' * 32}"


class Silent:
    """An API server that explains nothing."""

    def list(self, *_: Any) -> list[Any]:
        return []


def pod(number: int, ready: bool, restarts: int = 0, lasting: str = "") -> Pod:
    why = "" if ready else lasting or "starting"
    return Pod(
        f"p-{number}", f"{number}", "blue", names.short(DIGEST), ready, False, False, restarts, "n", why, lasting, ""
    )


def slot(pods: list[Pod], wanted: int, scaler: dict[str, Any] | None, live: str = "blue") -> SlotFacts:
    deployment = {"metadata": {"annotations": {names.DIGEST: DIGEST}}, "spec": {"replicas": wanted}}
    service = {"metadata": {}, "spec": {"selector": {names.SLOT: live}}}
    seen = look.Seen("shop", service, {"blue": deployment}, {"blue": pods})
    return look._slot(Silent(), seen, "blue", {}, {}, scaler)  # type: ignore[arg-type]


def scaler(least: int, *conditions: dict[str, str]) -> dict[str, Any]:
    return {"spec": {"minReplicas": least}, "status": {"conditions": list(conditions)}}


def starting(count: int, first: int = 10) -> list[Pod]:
    return [pod(first + number, ready=False) for number in range(count)]


def test_a_slot_that_grows_from_one_to_five_pods_is_ready_all_the_time() -> None:
    """Or a deployment that is watched just then would be taken back."""
    one = [pod(1, ready=True)]
    assert slot(one, 5, scaler(1)).ready  # none of the four is even made yet
    assert slot([*one, *starting(4)], 5, scaler(1)).ready
    assert not slot([*one, *starting(4)], 5, None).ready  # five were asked for by whoever deployed


def test_pods_that_fail_are_not_excused_by_load() -> None:
    failing = [pod(number, ready=False, restarts=2) for number in range(2, 6)]
    assert not slot([pod(1, ready=True), *failing], 5, scaler(1)).ready
    stuck = [pod(number, ready=False, lasting="ErrImagePull") for number in range(2, 6)]
    assert not slot([pod(1, ready=True), *stuck], 5, scaler(1)).ready


def test_the_pods_that_there_always_are_have_to_serve() -> None:
    assert not slot([pod(1, ready=True), *starting(7)], 8, scaler(4)).ready
    assert not slot(starting(4), 4, scaler(1)).ready


def test_a_slot_that_is_to_get_the_traffic_is_ready_with_all_its_pods_alone() -> None:
    assert not slot([pod(1, ready=True), *starting(1)], 2, None, live="green").ready
    assert slot([pod(1, ready=True), pod(2, ready=True)], 2, None, live="green").ready


@pytest.mark.parametrize("kind", ["ScalingActive", "AbleToScale"])
def test_why_no_pods_are_added_is_said_of_a_slot_that_is_ready(kind: str) -> None:
    condition = {"type": kind, "status": "False", "reason": "FailedGetScale", "message": "no metrics returned"}
    found = slot([pod(1, ready=True)], 1, scaler(1, condition))
    assert found.ready
    assert found.reasons == ("no pods are added under load: no metrics returned",)
    fine = slot([pod(1, ready=True)], 1, scaler(1, condition | {"status": "True"}))
    assert fine.reasons == ()
