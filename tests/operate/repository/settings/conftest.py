"""A stand-in of GitHub, and what a document wants of it."""

from collections.abc import Iterator

import pytest

from mooring.operate.repository.settings.asking import Asking
from mooring.spec import Repository
from tests.operate.repository.settings.forge import Forge


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge().serving() as server:
        yield server


@pytest.fixture
def asking(forge: Forge) -> Asking:
    return Asking(forge.github, pause=lambda seconds: None)


@pytest.fixture
def document() -> Repository:
    return Repository.model_validate(
        {
            "apiVersion": "mooring/v1",
            "kind": "Repository",
            "name": "github",
            "version": "1.0.0",
            "description": "How it is protected.",
            "owner": "@acme/platform",
            "merging": {"checks": ["ci", "evaluate"]},
            "environments": {
                "staging": {"branches": ["main"]},
                "eu/production": {"branches": ["main"], "reviewers": ["@Acme/desk", "@ann"], "waitMinutes": 5},
            },
            "actions": {"patterns": ["acme/sign@*"]},
        }
    )
