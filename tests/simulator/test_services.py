"""The demo services over HTTP."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from mooring.simulator.services.database import Database
from mooring.simulator.services.server import create_service
from mooring.simulator.services.world import read
from tests.simulator.conftest import RULES

WORLD = read(RULES)


def served(name: str, folder: Path, now: datetime) -> TestClient:
    """A service of the world at a moment, on the database of the folder."""
    database = Database(folder / "services.db")
    database.prepare()
    return TestClient(create_service(name, WORLD[name], database, lambda: now))


@pytest.fixture(scope="module")
def fresh(start: Callable[..., str]) -> str:
    return start() + "/services"


def refund(base: str, order: str, key: str | None = None, **body: Any) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return httpx2.post(f"{base}/shop/orders/{order}/refunds", json={"reason": "damaged"} | body, headers=headers)


@pytest.mark.slow
def test_a_refund_with_the_same_key_happens_once(fresh: str) -> None:
    first, again = (refund(fresh, "A-1001", "refund-A-1001") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replay"] == "true"
    refunds = httpx2.get(f"{fresh}/shop/refunds").json()["refunds"]
    assert [entry["orderId"] for entry in refunds].count("A-1001") == 1
    assert httpx2.get(f"{fresh}/shop/orders/A-1001").json()["status"] == "refunded"


@pytest.mark.slow
def test_a_refund_with_another_key_is_refused(fresh: str) -> None:
    assert refund(fresh, "A-1008", "one").status_code == 201
    again = refund(fresh, "A-1008", "two")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already-refunded")


def test_many_refunds_at_once_pay_once(fresh: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refund(fresh, "A-1009"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


def test_a_refund_that_failed_does_not_hold_its_key(fresh: str) -> None:
    assert refund(fresh, "A-1011", "k", reason="no such").status_code == 422
    assert refund(fresh, "A-1011", "k").status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/shop/orders/A-9999", None, 404, "order-not-found"),
        ("POST", "/shop/orders/A-9999/refunds", {"reason": "damaged"}, 404, "order-not-found"),
        ("POST", "/shop/orders/A-1002/refunds", {"reason": "damaged"}, 409, "not-delivered"),
        ("POST", "/shop/orders/A-1012/refunds", {"reason": "damaged", "amount": 5}, 422, "invalid"),
        ("GET", "/shop/help", None, 422, "invalid"),
        ("POST", "/shop/tickets", {"email": "nobody", "topic": "order", "summary": "x" * 20}, 422, "invalid"),
        ("GET", "/oncall/metrics?service=blog&name=error-rate", None, 422, "invalid"),
        ("GET", "/oncall/deployments", None, 422, "invalid"),
        ("POST", "/oncall/pages", {"service": "search", "severity": "sev9", "summary": "x" * 20}, 422, "invalid"),
    ],
)
def test_what_cannot_be_answered_has_a_code(
    fresh: str, method: str, path: str, body: Any, status: int, code: str
) -> None:
    response = httpx2.request(method, fresh + path, json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_a_body_that_is_no_json_is_refused(fresh: str) -> None:
    response = httpx2.post(f"{fresh}/shop/tickets", content=b"{")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "no-json")


def test_a_page_rings_once_for_one_alarm(fresh: str) -> None:
    body = {"service": "search", "severity": "sev2", "summary": "search answers slowly"}
    headers = {"Idempotency-Key": "page-search-sev2"}
    pages = [httpx2.post(f"{fresh}/oncall/pages", json=body, headers=headers).json() for _ in range(3)]
    assert len({page["pageId"] for page in pages}) == 1
    assert len(httpx2.get(f"{fresh}/oncall/pages").json()["pages"]) == 1


def test_days_stay_true_whenever_it_is_asked(tmp_path: Path) -> None:
    for today in (datetime(2025, 1, 31, 23, 59, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)):
        order = served("shop", tmp_path, today).get("/orders/A-1001").json()
        assert order["daysSinceDelivery"] == 12
        assert date.fromisoformat(order["deliveredOn"]) == today.date() - timedelta(days=12)


def test_metrics_leave_their_usual_range_when_they_say(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    oncall = served("oncall", tmp_path, now)
    metric = oncall.get("/metrics", params={"service": "checkout", "name": "error-rate", "minutes": 60}).json()
    after = [p["value"] for p in metric["points"] if now - datetime.fromisoformat(p["at"]) < timedelta(minutes=14)]
    before = [p["value"] for p in metric["points"]][: -len(after)]
    assert metric["points"][-1]["value"] == metric["latest"]
    assert max(before) < 2 * metric["usual"] < min(after)


def test_what_was_done_survives_a_restart(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for expected in (201, 409):
        shop = served("shop", tmp_path, now)
        assert shop.post("/orders/A-1001/refunds", json={"reason": "damaged"}).status_code == expected
