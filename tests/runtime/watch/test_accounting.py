"""No request is lost from the books: received is answered, failed, abandoned or in flight."""

import contextlib
import threading
import time

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.runtime.watch.accounting import Accounting, CountRequests
from tests.runtime.sample import limits

BODY = {"model": "support", "messages": [{"role": "user", "content": "x"}]}


def test_answers_and_errors_are_told_apart(serve, stub, reply):
    serving = serve()
    serving.chat()
    serving.chat(agent="nobody")
    stub.script("primary-1", reply(status=400))
    serving.chat()
    for path in ("/livez", "/readyz", "/metrics"):
        serving.http.get(path)
    assert serving.settled() == {"received": 3, "answered": 2, "failed": 1, "abandoned": 0, "in_flight": 0, "lost": 0}


def hang_up(serving, seconds: float, **more) -> None:
    """Asks and leaves before the answer."""
    with pytest.raises(httpx2.TimeoutException):
        httpx2.post(f"{serving.url}/v1/chat/completions", json=BODY | more, timeout=seconds)


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_client_that_hangs_up_cancels_its_run(serve, stub, reply, stream):
    stub.script("primary-1", reply(status=500, delay=0.3))
    serving = serve(retry={"tries": 1})
    hang_up(serving, 0.1, stream=stream)
    assert serving.settled()["abandoned"] == 1
    time.sleep(0.4)
    assert not stub.asked("alternate-1")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_run_finishes_without_its_client_when_the_profile_says_so(serve, stub, reply, stream):
    stub.script("primary-1", reply(status=500, delay=0.3))
    serving = serve(retry={"tries": 1}, onDisconnect="finish")
    hang_up(serving, 0.1, stream=stream)
    assert serving.runtime.accounting.in_flight == 1
    assert serving.settled()["abandoned"] == 1
    assert stub.asked("alternate-1")


def test_a_client_that_leaves_in_the_middle_of_a_stream_is_counted(serve, stub, reply):
    stub.script("primary-1", reply("word " * 50, pace=0.02))
    serving = serve(ladder=limits(5))
    with serving.http.stream("POST", "/v1/chat/completions", json=BODY | {"stream": True}) as answer:
        next(answer.iter_lines())
        assert answer.status_code == 200
    assert serving.settled()["abandoned"] == 1


@pytest.mark.slow
def test_the_books_balance_when_many_clients_come_and_go(serve, stub, reply):
    stub.script("primary-1", *[reply("late", delay=0.05), reply(status=500), reply("ok")] * 20)
    serving = serve()

    def visit(number: int) -> None:
        with contextlib.suppress(httpx2.TimeoutException):
            httpx2.post(f"{serving.url}/v1/chat/completions", json=BODY, timeout=0.03 if number % 3 else 5)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = serving.settled()
    assert counts["received"] == 24
    assert counts["failed"] == counts["in_flight"] == 0
    assert counts["abandoned"] > 0


@given(
    st.lists(st.sampled_from(["start", "body", "end", "gone", "raise"]), max_size=6), st.sampled_from([200, 404, 503])
)
def test_whatever_an_app_does_the_books_balance(steps: list[str], status: int):
    accounting = Accounting()

    async def app(scope, receive, send) -> None:
        for step in steps:
            if step == "gone":
                await receive()
            elif step == "raise":
                raise ValueError
            elif step == "start":
                await send({"type": "http.response.start", "status": status})
            else:
                await send({"type": "http.response.body", "more_body": step == "body"})

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message) -> None:
        pass

    with contextlib.suppress(StopIteration, ValueError):
        CountRequests(app, accounting)({"type": "http", "path": "/x"}, receive, send).send(None)
    counts = accounting.data()
    assert counts["received"] == 1 == counts["answered"] + counts["failed"] + counts["abandoned"]
    assert counts["in_flight"] == 0
