"""Fixtures of the test cluster; `tests/conftest.py` takes them in, so that tests of all parts have them."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests import golang
from tests.cluster import building

if TYPE_CHECKING:
    from tests.cluster.control_plane import ControlPlane
    from tests.cluster.images import Image
    from tests.cluster.node import Node


@pytest.fixture(scope="session")
def control_plane() -> Iterator["ControlPlane"]:
    """Shared by the tests of one pytest worker. Without Go they are skipped, and fail where Go has to be there."""
    from tests.cluster.control_plane import ControlPlane

    try:
        building.CONTROL.find("control")
    except golang.Missing as error:
        if golang.is_needed():
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    with ControlPlane() as up:
        yield up


@pytest.fixture
def namespace(control_plane: "ControlPlane", nodes: "list[Node]") -> Iterator[str]:
    """A namespace of one's own, which is deleted with all that is in it."""
    from lightkube.resources.core_v1 import Namespace, ServiceAccount

    from tests.cluster.objects import made
    from tests.repository import until

    name = f"test-{secrets.token_hex(4)}"
    client = control_plane.client
    client.create(made(Namespace, {"metadata": {"name": name}}))
    until(lambda: list(client.list(ServiceAccount, namespace=name)), 30)  # without it no pod is let in
    yield name
    client.delete(Namespace, name)


@pytest.fixture
def images() -> "dict[str, Image]":
    """Images that the nodes of a test can pull; a test puts its own in."""
    return {}


@pytest.fixture
def nodes(control_plane: "ControlPlane", images: "dict[str, Image]") -> Iterator["list[Node]"]:
    """Two nodes of one's own, ready for pods."""
    from tests.cluster.node import Node

    with ExitStack() as stack:
        mark = secrets.token_hex(3)
        yield [stack.enter_context(Node(control_plane, f"node-{mark}-{number}", images)) for number in (1, 2)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs the cluster is slow, and has the time that building its program takes where that is to be done."""
    for item in items:
        if "control_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            if not building.CONTROL.is_built("control"):
                item.add_marker(pytest.mark.timeout(3600))
