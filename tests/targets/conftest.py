"""Releases that are light to run, whatever they run on."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.release.content import ReleaseContent
from mooring.release.release import Release


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
