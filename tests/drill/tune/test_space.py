"""The points of a search."""

import random
from typing import Any

from mooring.drill.tune.space import ORDER, TODAY, Point, Space, space
from mooring.spec import Resilience

RUNGS = ("L0", "L1", "L2")


def profile(**more: Any) -> Resilience:
    head = {"apiVersion": "mooring/v1", "kind": "Resilience", "name": "standard", "version": "1.0.0"}
    return Resilience.model_validate(head | {"description": "A profile.", "owner": "@tidewater/platform"} | more)


def values(found: Space) -> dict[str, Any]:
    return {each.path: each.values for each in found.dimensions}


def test_todays_values_are_among_those_that_are_tried() -> None:
    odd = profile(retry={"baseSeconds": 1.7, "maxShare": None}, breaker={"openSeconds": 31, "consecutiveFailures": 11})
    for each in space(odd, RUNGS).dimensions:
        assert each.today in each.values
        assert len(set(each.values)) > 1
    assert values(space(odd, RUNGS))["breaker.openSeconds"] == (5, 10, 20, 30, 31, 60, 120)


def test_rungs_that_no_agent_has_and_hedges_to_nobody_are_left_out() -> None:
    paths = values(space(profile(), ("L0",)))
    assert "ladder.rungs.L0.timeoutSeconds" in paths
    assert not any(".L1." in path or ".L2." in path or "hedge" in path for path in paths)


def test_tries_are_where_the_profile_has_them() -> None:
    paths = values(space(profile(ladder={"rungs": {"L0": {"tries": 2}, "L1": {"tries": 2}}}), ("L0", "L1")))
    assert {"ladder.rungs.L0.tries", "ladder.rungs.L1.tries"} <= set(paths)
    assert "retry.tries" not in paths
    assert "retry.tries" in values(space(profile(), ("L0", "L1")))


def test_the_order_of_vendors_is_searched_on_request_only() -> None:
    assert ORDER not in values(space(profile(), RUNGS))
    assert values(space(profile(), RUNGS, order=True))[ORDER] == (False, True)


def test_points_that_come_to_the_same_are_the_same() -> None:
    found = space(profile(ladder={"rungs": {"L0": {"firstByteSeconds": 8, "timeoutSeconds": 10}}}), RUNGS)
    assert found.point({}) == found.point({"breaker.failureRate": 0.5}) == TODAY
    off = found.point({"ladder.hedge.enabled": False})
    assert found.point({"ladder.hedge.enabled": False, "ladder.hedge.maxShare": 0.5}) == off
    short = {"ladder.rungs.L0.timeoutSeconds": 4.0}
    assert found.point(short) == found.point(short | {"ladder.rungs.L0.firstByteSeconds": 4.0})


def test_a_sample_tries_all_values_of_each_policy_and_changes_few_at_a_time() -> None:
    found = space(profile(), RUNGS)
    points = list(found.sample(200, random.Random(1)))
    for each in found.dimensions:
        tried = {dict(point.changes).get(each.path, each.today) for point in points}
        if not each.path.startswith("ladder.hedge."):
            assert tried == set(each.values)
    changed = sum(len(point.changes) for point in points) / len(points)
    assert 2 < changed < len(found.dimensions) / 2


def test_the_same_seed_draws_the_same_points() -> None:
    found = space(profile(), RUNGS)
    assert list(found.sample(9, random.Random(3))) == list(found.sample(9, random.Random(3)))
    assert list(found.sample(9, random.Random(3))) != list(found.sample(9, random.Random(4)))


def test_neighbours_differ_by_one_value_of_one_policy() -> None:
    found = space(profile(), RUNGS)
    near = found.neighbours(TODAY, random.Random(1))
    assert all(len(point.changes) == 1 for point in near)
    assert len(near) == len(set(near))
    assert found.point({"breaker.consecutiveFailures": 4}) in near
    assert found.point({"breaker.consecutiveFailures": 3}) not in near


def test_points_with_fewer_changes_are_tried_first() -> None:
    found = space(profile(), RUNGS)
    point = found.point({"breaker.consecutiveFailures": 2, "retry.tries": 1})
    first, second, *_ = found.neighbours(point, random.Random(1))
    assert {first, second} == {found.point({"breaker.consecutiveFailures": 2}), found.point({"retry.tries": 1})}


def test_a_value_between_those_that_are_tried_has_neighbours_too() -> None:
    found = space(profile(ladder={"rungs": {"L0": {"firstByteSeconds": 7, "timeoutSeconds": 11}}}), RUNGS)
    point = found.point({"ladder.rungs.L0.firstByteSeconds": 8.5, "ladder.rungs.L0.timeoutSeconds": 7.5})
    assert dict(point.changes)["ladder.rungs.L0.firstByteSeconds"] == 7.5
    tried = {
        dict(near.changes).get("ladder.rungs.L0.firstByteSeconds") for near in found.neighbours(point, random.Random(1))
    }
    assert {6.0, None} <= tried


def test_a_point_reads_as_its_changes() -> None:
    assert str(Point((("a.b", 2.5), ("c", None), ("d", False)))) == "a.b 2.5, c null, d false"
    assert str(TODAY) == "as it is"
