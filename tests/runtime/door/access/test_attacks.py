"""What an outsider, a caller or a page on the web might try, and what they get."""

import json
import math
import socket
import time
from typing import Any

import pytest

from mooring.runtime.core.caller import Caller
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant
from mooring.runtime.door.access.rates import Rates
from mooring.runtime.memory.spend import Spend
from mooring.spec.access import Limits
from mooring.state.database import Database
from mooring.state.engine.engine import url_of
from tests.runtime.door.access.conftest import Gated, bearer

REFUND = ("refund_order", {"order": "1", "cents": 5})


def raw(server: Gated, text: str, key: str = "") -> tuple[int, bytes]:
    """Status and body of a request that no library would send."""
    place = server.serving.http.base_url
    with socket.create_connection((place.host, place.port), timeout=10) as connection:
        auth = f"authorization: Bearer {key}\r\n" if key else ""
        connection.sendall(f"{text}\r\nhost: localhost\r\n{auth}connection: close\r\n\r\n".encode())
        data = b""
        while piece := connection.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


WAYS = [
    "/metrics%0A",
    "/metrics%0d",
    "/metrics%00",
    "/metrics%2f",
    "/metrics;x",
    "//metrics",
    "/./metrics",
    "/METRICS",
    "/healthz%0A",
    "/healthz/%0Aprocess",
    "/readyz%0A?verbose",
]


@pytest.mark.slow
@pytest.mark.parametrize("path", WAYS)
def test_no_way_of_writing_a_path_shows_a_caller_what_is_for_operators(gated, path):
    server = gated()
    for method in ("GET", "HEAD"):
        status, body = raw(server, f"{method} {path} HTTP/1.1", server.key())
        assert status in (401, 403, 404), body


@pytest.mark.slow
def test_refusals_are_counted_apart_and_decide_on_no_release(gated):
    server = gated({"tenants": [{"name": "shop", "limits": {"requestsPerMinute": 1}}]})
    key = server.key()
    for _ in range(3):
        assert server.get("/v1/models").status_code == 401
    assert [server.get("/v1/models", key).status_code for _ in range(3)] == [200, 429, 429]
    counts = server.serving.settled()
    assert (counts["received"], counts["answered"], counts["failed"]) == (1, 1, 0)
    text = server.get("/metrics", server.key(None, role="operator")).text
    assert 'mooring_refused_requests_total{code="invalid_api_key"} 3.0' in text
    assert 'mooring_refused_requests_total{code="rate_limit_exceeded"} 2.0' in text


@pytest.mark.slow
def test_a_failed_answer_that_is_asked_for_again_is_no_failure_of_the_slot(gated, stub, reply):
    server = gated()
    headers = bearer(server.key()) | {"idempotency-key": "mine"}
    stub.script("primary-1", reply(status=400))
    for name in ("alternate-1", "small-1"):
        stub.script(name, reply(status=400))
    codes = [server.serving.chat("hi", headers=headers).status_code for _ in range(4)]
    assert codes[0] >= 500, codes
    assert len(set(codes)) == 1
    counts = server.serving.settled()
    assert (counts["failed"], counts["answered"]) == (1, 3)


@pytest.mark.slow
def test_a_run_that_is_cancelled_twice_ends_and_gives_its_place_back(gated, stub, reply):
    server = gated({"tenants": [{"name": "shop", "limits": {"concurrent": 50}}]}, ladder=slow())
    key = server.key()
    stub.script("primary-1", reply("late", delay=2))
    place = server.serving.http.base_url
    body = json.dumps({"model": "support", "input": "hi", "stream": True}).encode()
    for wait in (0.0, 0.001, 0.002, 0.003) * 3:
        with socket.create_connection((place.host, place.port), timeout=10) as client:
            head = f"POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n"
            client.sendall(
                f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
            )
            run = until(lambda: next(iter(live(server)), None))
            server.post(f"/v1/responses/resp_{run.removeprefix('run_')}/cancel", key)
            time.sleep(wait)
    until(lambda: not live(server) and not server.serving.runtime.busy())


def slow() -> dict[str, Any]:
    return {"rungs": {"L0": {"timeoutSeconds": 5}}}


def live(server: Gated) -> list[str]:
    return list(server.serving.runtime.runs.plain._live)  # type: ignore[attr-defined]


def until(holds: Any) -> Any:
    end = time.monotonic() + 5
    while not (value := holds()):
        assert time.monotonic() < end
        time.sleep(0.002)
    return value


def test_limits_that_change_under_a_keys_name_neither_lock_it_out_nor_start_again(tmp_path):
    rates = Rates(Spend(Database(url_of(tmp_path, None))), None, clock=lambda: 0.0)

    def grant(**limits: Any) -> Grant:
        return Grant(Caller("shop", "site"), Limits(**limits))

    first, second = rates.enter(grant(concurrent=3)), rates.enter(grant(concurrent=3))
    with pytest.raises(Problem):
        rates.enter(grant(concurrent=2, requests_per_minute=5))
    first.leave()
    second.leave()
    rates.enter(grant(concurrent=2, requests_per_minute=1)).leave()
    for _ in range(3):
        with pytest.raises(Problem):
            rates.enter(grant(requests_per_minute=1))
        with pytest.raises(Problem):
            rates.enter(grant(concurrent=2, requests_per_minute=1))


@pytest.mark.slow
def test_a_run_that_goes_on_after_a_decision_counts_against_the_limits(gated, stub, reply):
    server = gated({"tenants": [{"name": "shop", "limits": {"concurrent": 2}}]}, ladder=slow())
    key = server.key(role="approver")
    stub.script("primary-1", reply(tool=REFUND))
    stub.script("shop", reply(body={"refunded": True}, delay=0.8))
    runs = [server.post("/agents/support/runs?wait=true", key, {"message": "x"}).json()["id"] for _ in range(4)]
    codes = [server.post(f"/runs/{run}/approve", key).status_code for run in runs]
    assert codes == [202, 202, 429, 429]


@pytest.mark.slow
def test_a_key_for_some_agents_sees_and_decides_nothing_of_others(gated, stub, reply):
    server = gated()
    wide, narrow = server.key(), server.key(agents=["page"], role="approver")
    stub.script("primary-1", reply(tool=REFUND))
    run = server.post("/agents/support/runs?wait=true", wide, {"message": "x"}).json()["id"]
    stub.script("primary-1", reply("hello"))
    server.chat(wide, metadata={"conversation": "notes"})
    response = server.post("/v1/responses", wide, {"model": "support", "input": "hi"}).json()["id"]
    assert server.post(f"/runs/{run}/approve", narrow).status_code == 404
    for path in (f"/runs/{run}", "/conversations/notes", f"/v1/responses/{response}"):
        assert server.get(path, narrow).status_code == 404, path
        assert server.get(path, wide).status_code == 200, path
    delete = server.serving.http.delete
    for path in ("/conversations/notes", f"/v1/responses/{response}"):
        assert delete(path, headers=bearer(narrow)).status_code == 404, path


@pytest.mark.slow
def test_what_was_there_before_access_is_nobodys(gated, serve):
    before = serve()
    run = before.http.post("/agents/support/runs?wait=true", json={"message": "hi", "conversation": "old"}).json()["id"]
    server = gated(slot="green")
    for key in (server.key(), server.key(None, role="operator")):
        assert server.get(f"/runs/{run}", key).status_code in (403, 404)
        assert server.get("/conversations/old", key).status_code in (403, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
    ],
    ids=str,
)
def test_without_access_no_page_of_the_web_and_no_proxy_is_answered(serve, headers):
    answer = serve().http.get("/v1/models", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_refused")


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://localhost:3000"}, {"origin": "http://127.0.0.1:8420", "sec-fetch-site": "same-origin"}],
)
def test_without_access_pages_of_this_machine_are_answered(serve, headers):
    assert serve().http.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["[::1]evil.com", "localhost:80:evil", "127.0.0.1:99\tx", "localhost."])
def test_a_host_that_only_begins_like_this_machine_is_refused(serve, host):
    place = serve().http.base_url
    with socket.create_connection((place.host, place.port), timeout=10) as connection:
        connection.sendall(f"GET /v1/models HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))


@pytest.mark.slow
def test_a_refusal_does_not_wait_for_a_client_that_left(gated, monkeypatch):
    monkeypatch.setattr("mooring.runtime.door.access.pacing.PER_SECOND", 2)
    server = gated()
    place = server.serving.http.base_url
    for _ in range(8):
        with socket.create_connection((place.host, place.port), timeout=10) as client:
            client.sendall(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
            time.sleep(0.02)
    time.sleep(0.3)
    assert len(server.serving._server.server_state.tasks) <= 1


@pytest.mark.parametrize("end", [math.nan, math.inf, 10**400, True, -1])
def test_a_token_whose_end_is_no_time_is_refused(end):
    import jwt

    from mooring.runtime.door.access import issuers
    from mooring.spec.access import Issuer

    class Decoded(dict[str, Any]):
        pass

    claims = Decoded(exp=end, iss="i", aud="a")
    issuer = Issuer(issuer="https://login.example", audience="a")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jwt, "decode", lambda *_args, **_more: claims)
        with pytest.raises(jwt.PyJWTError):
            issuers._claims("t", object(), issuer, "RS256", time.time())  # type: ignore[arg-type]
