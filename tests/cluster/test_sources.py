"""Values of variables and paths of containers."""

from pathlib import Path

import pytest

from tests.cluster.addresses import Addresses, loopback
from tests.cluster.sources import Paths, expanded

HERE = Paths({"/data": Path("/tmp/x"), "/data/inner": Path("/tmp/y")})


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("/data", "/tmp/x"),
        ("/data/file", "/tmp/x/file"),
        ("--to=/data:/data/inner/file", "--to=/tmp/x:/tmp/y/file"),
        ("sqlite:////data/file", "sqlite:////tmp/x/file"),
        ("file:///data/file", "file:///tmp/x/file"),
        *((text, text) for text in ("/database", "/srv/data", "https://data/x", "/data.old", "data", "https://a/data")),
    ],
)
def test_a_path_is_where_it_is_mounted(text: str, becomes: str) -> None:
    assert HERE.here(text) == becomes


@pytest.mark.parametrize(
    ("text", "becomes"), [("$(A)b", "1b"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A", "$A"), ("$$$(A)", "$1")]
)
def test_a_variable_is_expanded(text: str, becomes: str) -> None:
    assert expanded(text, {"A": "1"}) == becomes


def test_an_address_is_given_again_as_late_as_can_be() -> None:
    addresses = Addresses(0xAA03)
    first = addresses.take()
    assert (first, loopback(first)) == ("10.170.3.1", "127.170.3.1")
    addresses.give_back(first)
    assert [addresses.take() for _ in range(254)][-1] == first
    with pytest.raises(AssertionError, match="254"):
        addresses.take()
