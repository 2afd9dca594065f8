"""The monitor's answers: read by programs of this machine, by nobody else, and by nobody who would change something."""

import gzip
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from mooring.operate.monitor.server import application


class Calm:
    """An environment in which nothing happens."""

    text = "# HELP mooring_up Up.\n# TYPE mooring_up gauge\nmooring_up 1\n" * 50

    async def metrics(self) -> str:
        return self.text

    async def status(self) -> dict[str, Any]:
        return {"environment": "shop", "note": "<b>&"}


def page(data: Mapping[str, Any], language: str) -> str:
    return f"{data['environment']} in {language}"


@pytest.fixture
def client() -> TestClient:
    return TestClient(application(Calm(), page), base_url="http://127.0.0.1:9100")


def test_metrics_are_text_and_small_for_whoever_can_unpack_them(client: TestClient) -> None:
    whole = client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert whole.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert whole.text == Calm.text
    with client.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw).decode() == Calm.text
    assert len(raw) < len(Calm.text) / 5


def test_the_status_is_json_and_the_page_is_in_the_language_that_is_asked_for(client: TestClient) -> None:
    assert client.get("/status.json").json() == {"environment": "shop", "note": "<b>&"}
    assert client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text == "shop in zh-CN"
    assert client.get("/?language=en", headers={"Accept-Language": "zh-CN"}).text == "shop in en"
    assert client.get("/", headers={"Accept-Language": ""}).text == "shop in en"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/metrics", "/status.json", "/"])
def test_nothing_can_be_changed(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 405


def test_there_is_nothing_else(client: TestClient) -> None:
    assert client.get("/admin").status_code == 404
    assert client.get("/docs").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:9100"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
    ],
)
@pytest.mark.parametrize("path", ["/metrics", "/status.json", "/"])
def test_no_page_of_the_web_and_no_proxy_is_answered(client: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 403
    assert answer.text.startswith("refused: ")
    assert "mooring_up" not in answer.text


@pytest.mark.parametrize("host", ["localhost:9100", "127.0.0.1", "[::1]:9100"])
def test_the_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/metrics", headers={"Host": host}).status_code == 200


def test_nobody_may_frame_or_keep_it(client: TestClient) -> None:
    for path in ("/", "/status.json", "/metrics"):
        headers = client.get(path).headers
        assert (headers["cache-control"], headers["x-frame-options"]) == ("no-store", "DENY")
        assert "access-control-allow-origin" not in headers


def test_a_keepers_monitor_is_asked_by_the_names_of_its_cluster_and_by_no_others() -> None:
    asked = TestClient(application(Calm(), page, ["10.1.2.3", "shop-keeper.web.svc"]), base_url="http://10.1.2.3:8424")
    assert asked.get("/livez").text == "ok\n"
    assert asked.get("/metrics", headers={"Host": "shop-keeper.web.svc:8424"}).status_code == 200
    assert asked.get("/metrics", headers={"Host": "shop-keeper.web.svc.evil.example:8424"}).status_code == 403
    assert asked.get("/metrics", headers={"Origin": "https://evil.example"}).status_code == 403
    assert TestClient(application(Calm(), page), base_url="http://10.1.2.3").get("/livez").status_code == 403
