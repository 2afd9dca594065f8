"""Releases that are light to run, whatever they run on."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mooring.release.content import ReleaseContent
from mooring.release.release import Release

if TYPE_CHECKING:
    from tests.targets.kubernetes.house import Place


@pytest.fixture(scope="session")
def release(edit: Callable[[dict[str, Any]], ReleaseContent]) -> Callable[..., Release]:
    """A release that says nothing but its name, needs no simulator, and is watched for a moment only."""

    def make(name: str, **values: Any) -> Release:
        light = {
            "environment.description": name,
            "environment.endpoints": "real",
            "environment.services.shop": "http://127.0.0.1:9",
            "environment.rollout.bakeSeconds": 0.3,
            "environment.rollout.deadlineSeconds": 20,
            "environment.serving.spare": False,
        }
        return Release.of(edit({**light, **values}))

    return make


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Place]":
    """A namespace of the test cluster with two nodes, and an empty database."""
    plane = request.getfixturevalue("control_plane")
    from tests.targets.kubernetes.house import opened

    with opened(plane, request.getfixturevalue("cluster").fresh(), tmp_path_factory.mktemp("cluster")) as found:
        yield found
