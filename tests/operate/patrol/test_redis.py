"""A real Redis: stopped, paused, slow, cut off, and behind a password."""

from collections.abc import Callable

import pytest

from tests.operate.patrol.conftest import Round
from tests.operate.patrol.proxy import Proxy, closed, http_server
from tests.redis_server import Redis

PASSWORD = "horse battery/@:staple"
QUOTED = "horse%20battery%2F%40%3Astaple"


def ping(url: str, **more: object) -> dict[str, object]:
    return {"kind": "redis-ping", "url": url, "alarmAboveSeconds": 4, "okBelowSeconds": 3, **more}


def test_a_server_that_answers_is_ok(redis: Redis, looked: Round) -> None:
    assert looked.one(ping(redis.url)) == ("ok", "")
    assert looked.one(ping(f"{redis.url}/3")) == ("ok", "")


@pytest.mark.slow
def test_a_paused_server_is_an_alarm_until_it_has_answered_twice(redis: Redis, looked: Round) -> None:
    check = ping(redis.url, timeoutSeconds=0.3, okBelowSeconds=0.2, alarmAboveSeconds=0.3)
    redis.pause()
    assert looked.one(check) == ("alarm", "no answer within 0.3 s")
    redis.resume()
    assert looked.one(ping(redis.url))[0] == "alarm"
    assert looked.one(ping(redis.url)) == ("ok", "")


def test_a_stopped_server_refuses_connections_until_it_is_started(redis: Redis, looked: Round) -> None:
    redis.stop()
    assert looked.one(ping(redis.url)) == ("alarm", f"127.0.0.1:{redis.port} refuses connections")
    redis.start()
    looked.one(ping(redis.url))
    assert looked.one(ping(redis.url)) == ("ok", "")


def test_answers_that_come_late_are_a_warning_and_then_an_alarm(
    redis: Redis, looked: Round, proxied: Callable[[int], Proxy]
) -> None:
    proxy = proxied(redis.port)
    proxy.delay = 0.1
    url = f"redis://127.0.0.1:{proxy.port}"
    assert looked.one(ping(url, okBelowSeconds=0.05, alarmAboveSeconds=5))[0] == "warn"
    assert looked.one(ping(url, okBelowSeconds=0.02, alarmAboveSeconds=0.05))[0] == "alarm"


def test_a_connection_that_is_cut_is_an_alarm_with_its_reason(
    redis: Redis, looked: Round, proxied: Callable[[int], Proxy]
) -> None:
    proxy = proxied(redis.port)
    proxy.cut = True
    state, detail = looked.one(ping(f"redis://127.0.0.1:{proxy.port}"))
    assert (state, detail) == ("alarm", f"127.0.0.1:{proxy.port} closed the connection without an answer")


def test_a_server_that_wants_a_password_says_so_and_gets_it_by_reference(looked: Round) -> None:
    with Redis(PASSWORD) as guarded:
        state, detail = looked.one(ping(guarded.url))
        assert (state, "wants a password" in detail, "secretRef" in detail) == ("alarm", True, True)
        secret = {"kind": "redis-ping", "secretRef": "env:CACHE_URL", "okBelowSeconds": 3, "alarmAboveSeconds": 4}
        looked.around.environ = {"CACHE_URL": f"redis://:{QUOTED}@127.0.0.1:{guarded.port}/1"}
        looked.before.clear()
        assert looked.one(secret) == ("ok", "")
        looked.around.environ = {"CACHE_URL": f"redis://default:wrong-one@127.0.0.1:{guarded.port}"}
        state, detail = looked.one(secret)
        assert (state, "refuses the user or the password" in detail) == ("alarm", True)
        assert "wrong-one" not in detail


def test_a_variable_that_is_not_set_or_holds_no_address_makes_the_check_unknown(looked: Round) -> None:
    secret = {"kind": "redis-ping", "secretRef": "env:CACHE_URL"}
    assert looked.one(secret) == ("unknown", "CACHE_URL is not set where the patrol runs; export it there")
    looked.around.environ = {"CACHE_URL": "hunter22"}
    state, detail = looked.one(secret)
    assert (state, "hunter22" in detail, "redis://" in detail) == ("unknown", False, True)


def test_a_server_of_another_kind_is_no_redis(looked: Round) -> None:
    with http_server(lambda *_: (200, "hello")) as port:
        state, detail = looked.one(ping(f"redis://127.0.0.1:{port}"))
    assert (state, detail) == ("alarm", f"127.0.0.1:{port} does not speak the protocol of Redis")


def test_one_blip_is_looked_at_again_and_opens_nothing(looked: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    from mooring.operate.patrol.looks import redis_ping
    from mooring.operate.patrol.seen import Found, Trouble

    answers: list[Trouble | Found] = [Trouble("blip"), Found()]

    async def blips(_: object) -> Found:
        answer = answers.pop(0)
        if isinstance(answer, Trouble):
            raise answer
        return answer

    monkeypatch.setattr(redis_ping, "ping", blips)
    (found,) = looked({"name": "it", **ping(f"redis://127.0.0.1:{closed()}")})
    assert [look.state for look in found.looks] == ["alarm", "ok"]
    assert (found.standing.state, found.data()["looks"][0]["detail"]) == ("ok", "blip")
