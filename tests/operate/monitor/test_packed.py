"""Figures that come packed say the same as those of a worker that names every number."""

import json
from typing import Any

from mooring.operate.monitor import packed
from mooring.operate.monitor.aggregate import Aggregate
from mooring.operate.monitor.packed import Packed
from mooring.runtime.watch.reading import families
from tests.runtime.watch.test_reading import filled


def figures(found: list[dict[str, Any]]) -> Any:
    """As they come over the wire."""
    return json.loads(json.dumps({"slot": "blue", "digest": "sha256:aa", "pid": 7, "began": 1.0, "families": found}))


def test_both_forms_are_summed_up_alike() -> None:
    registry = filled().registry
    whole, small = Aggregate(), Aggregate()
    whole.see(figures(families(registry)))
    small.see(figures(families(registry, packed=True)))
    small.see(figures(families(registry, packed=True)))  # by names that are known
    assert small.totals() == whole.totals()
    assert len(small.totals()) > 100
    assert (small.families, small.family_of) == (whole.families, whole.family_of)


def test_the_packed_form_is_a_fraction_of_the_other() -> None:
    registry = filled().registry
    assert 4 * len(json.dumps(families(registry, packed=True))) < len(json.dumps(families(registry)))


def test_names_are_those_of_the_edges_that_a_worker_has() -> None:
    """A release may come with code whose buckets are others."""
    names = Packed()
    for edges in (["1.0", "+Inf"], ["5.0", "+Inf"]):
        family = {"name": "took", "labels": ["tool"], "edges": edges, "rows": [[["a"], [1, 2, 2, 0.5]]]}
        found = dict(names.values(family))
        assert found["took_bucket", (("tool", "a"), ("le", edges[0]))] == 1
        assert found["took_sum", (("tool", "a"),)] == 0.5


def test_names_that_are_remembered_do_not_grow_without_end(monkeypatch: Any) -> None:
    monkeypatch.setattr(packed, "MOST", 10)
    names = Packed()
    for number in range(100):
        family = {"name": "called", "labels": ["tool"], "rows": [[[f"tool-{number}"], [1]]]}
        assert dict(names.values(family)) == {("called_total", (("tool", f"tool-{number}"),)): 1}
    assert len(names._named) <= 11
