from typing import Any

import pytest
from tests.runtime.sample import sample

from mooring.release.content import ReleaseContent
from mooring.release.release import Release


@pytest.fixture(scope="session")
def release() -> Release:
    """A release that needs no simulator."""
    content: dict[str, Any] = sample().content.model_dump(mode="json", by_alias=True)
    content["environment"] |= {"endpoints": "real", "services": {"shop": "http://127.0.0.1:9"}}
    return Release.of(ReleaseContent.model_validate(content))
