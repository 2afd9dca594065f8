"""Tests cannot reach beyond this machine."""

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_elsewhere_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as out, pytest.raises(PermissionError, match="this machine only"):
        out.connect((host, 443))


def test_a_name_elsewhere_is_not_even_looked_up() -> None:
    with pytest.raises(PermissionError, match="example"):
        socket.create_connection(("service.example", 443))


def test_loopback_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
