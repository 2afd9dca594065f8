"""A repository at its host, whose workflows act runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflows import tools
from tests.workflows.hub import Hub, hub


@pytest.fixture(scope="session")
def act() -> Path:
    """Built on first use. Without Go the tests that need it are skipped, and fail where Go has to be there."""
    try:
        return tools.find("act")
    except tools.Missing as error:
        if tools.is_needed():
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def here(act: Path, tmp_path: Path) -> Iterator[Hub]:
    with hub(tmp_path, ("support/smoke",)) as made:
        yield made
