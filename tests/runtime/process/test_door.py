"""The private door: JSON over HTTP on a Unix socket, from both sides."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.runtime.process import unix_http


async def double(body: dict[str, Any]) -> Any:
    return {"twice": body["number"] * 2}


async def refuse(_body: dict[str, Any]) -> Any:
    raise Refused(Reason.NOT_READY, "not yet", "wait")


async def fail(_body: dict[str, Any]) -> Any:
    raise Failed(Reason.STORAGE, "disk full")


async def crash(_body: dict[str, Any]) -> Any:
    raise ZeroDivisionError("oops")


async def hang(_body: dict[str, Any]) -> Any:
    await asyncio.sleep(60)


ROUTES = {
    "POST /double": double,
    "GET /refuse": refuse,
    "GET /fail": fail,
    "GET /crash": crash,
    "GET /hang": hang,
}


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Any]:
    """Asks a door once, from a thread beside its event loop."""

    def once(*arguments: Any) -> Any:
        async def served() -> Any:
            server = await unix_http.serve(tmp_path / "door", ROUTES)
            assert stat.S_IMODE((tmp_path / "door").stat().st_mode) == 0o600
            try:
                return await asyncio.to_thread(unix_http.call, tmp_path / "door", *arguments)
            finally:
                server.close()

        return asyncio.run(served())

    return once


def test_an_answer_comes_back_as_it_was(ask: Callable[..., Any]) -> None:
    assert ask("POST /double", {"number": "ü" * 50_000}) == {"twice": "ü" * 100_000}


def test_a_refusal_is_raised_again_on_the_other_side(ask: Callable[..., Any]) -> None:
    with pytest.raises(Refused, match="not yet") as refused:
        ask("GET /refuse")
    assert (refused.value.reason, refused.value.fix) == (Reason.NOT_READY, "wait")
    with pytest.raises(Failed, match="disk full") as failed:
        ask("GET /fail")
    assert failed.value.reason is Reason.STORAGE


@pytest.mark.parametrize(
    ("route", "body", "message"),
    [
        ("GET /nothing", None, "no GET /nothing here; there is GET /crash"),
        ("POST /double", {}, "KeyError: 'number'"),
        ("GET /crash", None, "ZeroDivisionError: oops"),
        ("POST /double", {"number": "x" * (unix_http.MAX_BODY + 1)}, "closed|pipe|reset"),
    ],
)
def test_what_cannot_be_answered_is_said(ask: Callable[..., Any], route: str, body: Any, message: str) -> None:
    with pytest.raises((Failed, OSError), match=f"(?i){message}"):
        ask(route, body)


def test_nobody_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        unix_http.call(tmp_path / "door", "GET /refuse")


def test_a_slow_answer_is_waited_for_as_long_as_asked(ask: Callable[..., Any]) -> None:
    with pytest.raises(TimeoutError):
        ask("GET /hang", None, 0.2)


def test_a_line_asks_many_times_and_ends_with_its_process(tmp_path: Path) -> None:
    async def talk() -> None:
        server = await unix_http.serve(tmp_path / "door", ROUTES)
        line = await unix_http.Line.connect(tmp_path / "door")
        answers = await asyncio.gather(*(line.call("POST /double", {"number": number}) for number in range(20)))
        assert [answer["twice"] for answer in answers] == [number * 2 for number in range(20)]
        with pytest.raises(Refused):
            await line.call("GET /refuse")
        with pytest.raises(TimeoutError):
            await line.call("GET /hang", timeout=0.05)
        with pytest.raises((OSError, EOFError)):
            await line.call("POST /double", {"number": 1})
        server.close()

    asyncio.run(talk())


def test_a_stale_socket_is_replaced(tmp_path: Path, ask: Callable[..., Any]) -> None:
    assert ask("POST /double", {"number": 1}) == {"twice": 2}
    assert (tmp_path / "door").exists()
    assert ask("POST /double", {"number": 2}) == {"twice": 4}
