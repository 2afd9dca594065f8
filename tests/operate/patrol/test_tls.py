"""Certificates of real TLS servers: valid, about to end, expired, for another name, by nobody."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.operate.patrol.conftest import DAY, Authority, Round
from tests.operate.patrol.proxy import http_server, silent

NAME = "agents.lighthouse.example"


@pytest.fixture
def seen(authority: Authority, looked: Round) -> Any:
    def look(names: Sequence[str] = (NAME,), trusted: bool = True, **dates: timedelta) -> tuple[str, str]:
        with http_server(lambda *_: (200, ""), authority.context(names, **dates)) as port:
            check = {"kind": "tls-expiry", "address": f"127.0.0.1:{port}", "serverName": NAME}
            return looked.one(check | ({"authority": f"file:{authority.file}"} if trusted else {}))

    return look


def test_a_certificate_that_is_valid_for_long_is_ok(seen: Any) -> None:
    assert seen(ends=90 * DAY + timedelta(hours=1)) == ("ok", "valid for 90 days")


def test_one_that_ends_soon_is_a_warning_and_then_an_alarm(seen: Any) -> None:
    assert seen(ends=20 * DAY + timedelta(hours=1)) == ("warn", "valid for 20 days")
    assert seen(ends=3 * DAY + timedelta(hours=1)) == ("alarm", "valid for 3 days")


def test_one_that_has_expired_says_when(seen: Any) -> None:
    state, detail = seen(begins=-40 * DAY, ends=-10 * DAY)
    assert state == "alarm"
    assert detail.startswith(f"the certificate of {NAME} expired on 20")


def test_one_that_is_not_valid_yet_says_so(seen: Any) -> None:
    state, detail = seen(begins=2 * DAY)
    assert (state, "not valid yet" in detail) == ("alarm", True)


def test_one_for_another_name_says_for_which_it_is(seen: Any) -> None:
    said = f"the certificate is for shop.example, 192.0.2.1, and not for {NAME}"
    assert seen(["shop.example", "192.0.2.1"]) == ("alarm", said)
    many = [f"n{number}.example" for number in range(9)]
    assert "n4.example and 4 more, and not for" in seen(many)[1]


def test_one_by_no_authority_that_is_trusted_says_by_whom_it_is(seen: Any) -> None:
    state, detail = seen(trusted=False)
    assert (state, "Lighthouse Authority" in detail) == ("alarm", True)


def test_a_server_without_tls_is_said_to_have_none(looked: Round, authority: Authority) -> None:
    trust = {"authority": f"file:{authority.file}"}
    with http_server(lambda *_: (200, "")) as port:
        state, detail = looked.one({"kind": "tls-expiry", "address": f"localhost:{port}", **trust})
    assert state == "alarm"
    assert "TLS" in detail or "closed the connection" in detail
    with silent() as port:
        hangs = {"kind": "tls-expiry", "address": f"localhost:{port}", "timeoutSeconds": 0.2, **trust}
        assert looked.one(hangs) == ("alarm", "no answer within 0.2 s")


def test_an_authority_that_cannot_be_read_is_unknown_and_no_alarm(looked: Round, authority: Authority) -> None:
    check = {"kind": "tls-expiry", "address": "localhost:1", "authority": f"file:{authority.folder}/none.pem"}
    state, detail = looked.one(check)
    assert (state, "none.pem" in detail) == ("unknown", True)
    (authority.folder / "bad.pem").write_text("no certificate")
    check["authority"] = f"file:{authority.folder}/bad.pem"
    assert looked.one(check)[0] == "unknown"


def test_https_says_what_is_wrong_with_a_certificate(looked: Round, authority: Authority) -> None:
    with http_server(lambda *_: (200, ""), authority.context(["127.0.0.1"])) as port:
        state, detail = looked.one({"kind": "http", "url": f"https://127.0.0.1:{port}/"})
    assert state == "alarm"
    assert "is not trusted" in detail, detail
