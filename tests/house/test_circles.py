"""No two modules, and no two packages beside each other, need one another; not for types either."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """What each module imports, wherever in the module it does."""
    graph = grimp.build_graph("mooring", cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def circle(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """One circle; empty when there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not circle({"a": {"b"}, "b": {"c"}})


def test_no_module_needs_itself_in_the_end(imports):
    assert circle(imports) == []


def test_no_package_needs_a_sibling_that_needs_it(imports):
    between: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module, others in imports.items():
        for other in others:
            mine, its = module.split("."), other.split(".")
            depth = next((n for n, (a, b) in enumerate(zip(mine, its, strict=False)) if a != b), None)
            if depth is not None:
                parent = ".".join(mine[:depth])
                between[parent][mine[depth]].add(its[depth])
    assert {parent: found for parent, edges in between.items() if (found := circle(edges))} == {}
