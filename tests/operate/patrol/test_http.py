"""Addresses that answer, and those that do not: refused, cut, elsewhere, unknown by name."""

import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.operate.patrol.conftest import Round
from tests.operate.patrol.proxy import Proxy, closed, http_server, silent


def get(port: int, path: str = "/", **more: Any) -> dict[str, Any]:
    return {
        "kind": "http",
        "url": f"http://127.0.0.1:{port}{path}",
        "okBelowSeconds": 9,
        "alarmAboveSeconds": 9,
        **more,
    }


@pytest.mark.parametrize(
    ("status", "statuses", "state"),
    [
        (200, [], "ok"),
        (204, [], "ok"),
        (302, [], "alarm"),
        (404, [], "alarm"),
        (503, [], "alarm"),
        (401, [401], "ok"),
        (200, [401], "alarm"),
        (302, [200, 302], "ok"),
    ],
)
def test_a_status_is_good_when_it_is_2xx_or_named(looked: Round, status: int, statuses: list[int], state: str) -> None:
    with http_server(lambda *_: (status, "")) as port:
        found = looked.one(get(port, statuses=statuses))
    assert (found[0], str(status) in found[1]) == (state, True)


def test_a_redirect_is_not_followed(looked: Round) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, Any]:
        asked.append(request.path)
        return 301, ""

    with http_server(answer) as port:
        looked.one(get(port, "/here", statuses=[301]))
    assert asked == ["/here"]


def test_a_secret_goes_into_its_header_and_into_no_detail(looked: Round) -> None:
    seen: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, Any]:
        seen.append(request.headers["x-key"])
        return 403, f"no such key: {request.headers['x-key']}"

    looked.around.environ = {"SHOP_KEY": "hunter22"}
    with http_server(answer) as port:
        state, detail = looked.one(get(port, secretRef="env:SHOP_KEY", secretHeader="x-key"))
    assert (state, seen, "hunter22" in detail) == ("alarm", ["hunter22", "hunter22"], False)
    looked.around.environ = {"SHOP_KEY": "hunter22\nx-other: 1"}
    assert looked.one(get(closed(), secretRef="env:SHOP_KEY"))[1].startswith("SHOP_KEY holds characters")


def test_why_a_connection_fails_is_said(looked: Round, proxied: Callable[[int], Proxy]) -> None:
    refused = closed()
    assert looked.one(get(refused))[1] == f"127.0.0.1:{refused} refuses connections"
    with silent() as port:
        assert looked.one(get(port, timeoutSeconds=0.2))[1] == "no answer within 0.2 s"
        proxy = proxied(port)
        proxy.cut = True
        assert looked.one(get(proxy.port))[1] == f"127.0.0.1:{proxy.port} closed the connection without an answer"


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "http", "url": "http://nowhere.lighthouse.example:8080/"},
        {"kind": "tcp", "address": "nowhere.lighthouse.example:8080"},
        {"kind": "redis-ping", "url": "redis://nowhere.lighthouse.example:8080"},
        {"kind": "tls-expiry", "address": "nowhere.lighthouse.example:8080"},
        {
            "kind": "vector-query",
            "store": {"type": "http", "url": "http://nowhere.lighthouse.example:8080/", "body": {}, "results": ""},
        },
    ],
    ids=lambda check: str(check["kind"]),
)
def test_a_name_that_does_not_resolve_is_an_alarm_that_says_so(
    looked: Round, check: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    said = "the name of nowhere.lighthouse.example:8080 does not resolve (Name or service not known)"
    assert looked.one(check) == ("alarm", said)


def test_a_port_that_accepts_is_ok_and_another_is_not(looked: Round) -> None:
    with silent() as port:
        assert looked.one({"kind": "tcp", "address": f"127.0.0.1:{port}"}) == ("ok", "")
    state, detail = looked.one({"kind": "tcp", "address": f"127.0.0.1:{closed()}"})
    assert (state, "refuses connections" in detail) == ("alarm", True)


def test_services_and_the_environment_itself_are_found_by_its_own_addresses(looked: Round) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, Any]:
        asked.append(request.path)
        return 200, ""

    shop = {"kind": "http", "service": "shop", "path": "/orders"}
    assert looked.one(shop)[1] == "the simulator does not run; moor up local"
    assert looked.one({"kind": "http", "path": "/readyz"})[1] == "nothing runs here; moor up local"
    with http_server(answer) as port:
        looked.around.simulator = looked.around.url = f"http://127.0.0.1:{port}"
        looked.one(shop)
        looked.one({"kind": "http", "path": "/readyz"})
    assert asked == ["/services/shop/orders", "/readyz"]
    assert looked.one({"kind": "http", "service": "harbour"})[0] == "unknown"
