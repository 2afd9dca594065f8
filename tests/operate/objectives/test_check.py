"""Live numbers: by a real Prometheus, by what processes counted where it cannot be asked, and by nothing at all."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mooring import metrics
from mooring.errors import Failed, Stopped
from mooring.operate.objectives.check import Prometheus, Slots, judge
from mooring.operate.objectives.server import Asking
from mooring.outcome import Reason
from mooring.rollout.objectives.window import Key, Totals
from mooring.runtime.watch.telemetry import INVOKE_AGENT, Metrics
from mooring.spec.objectives import Server
from tests.operate.objectives.document import document
from tests.operate.objectives.servers import prometheus, scrape
from tests.repository import until

Answer = Callable[[BaseHTTPRequestHandler], tuple[int, bytes]]


class Web:
    """An HTTP server on loopback that answers as it is told."""

    def __init__(self, answer: Answer) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                seen.append((self.path, dict(self.headers)))
                self.rfile.read(int(self.headers.get("content-length", 0)))
                status, body = answer(self)
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self._any()

            def do_POST(self) -> None:
                self._any()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[Callable[[Answer], Web]]:
    opened: list[Web] = []

    def open_(answer: Answer) -> Web:
        opened.append(Web(answer))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


class Counted:
    """A target whose live slot counted something."""

    def __init__(self, **totals: dict[Key, float]) -> None:
        self._totals = totals

    def totals(self, slot: str) -> Totals:
        if slot not in self._totals:
            raise Stopped(Reason.NOT_RUNNING, f"worker 1 of {slot} does not answer")
        return self._totals[slot]


def requests(answered: float, failed: float, up: float = 60.0) -> dict[Key, float]:
    return {
        ("mooring_requests_total", frozenset({("end", "answered")})): answered,
        ("mooring_requests_total", frozenset({("end", "failed")})): failed,
        (metrics.UPTIME, frozenset({("worker", "1")})): up,
    }


def by_name(judged: Any) -> dict[str, Any]:
    return {one.name: one for one in judged.measured}


def test_both_slots_count_since_the_older_one_began() -> None:
    target = Counted(blue=requests(900, 100, up=7200), green=requests(1000, 0, up=60))
    judged = judge("local", document(), [Slots(target, ("blue", "green"))])
    uptime = by_name(judged)["uptime"]
    assert (uptime.value, uptime.holds, uptime.events, uptime.seconds) == (0.95, False, 2000, 7200)
    assert judged.reason is Reason.MISSED


def test_a_slot_without_a_process_is_no_hindrance() -> None:
    judged = judge("local", document(), [Slots(Counted(green=requests(1000, 0)), ("blue", "green"))])
    assert by_name(judged)["uptime"].holds
    assert judged.reason is Reason.REPORTED, "of some promises too little is known, which is no failure"


def test_where_nothing_is_known_of_any_promise_that_is_a_failure() -> None:
    few = judge("local", document(), [Slots(Counted(blue=requests(3, 0)), ("blue", "green"))])
    assert few.reason is Reason.UNKNOWN
    none = judge("local", document(), [Slots(Counted(), ("blue", "green"))])
    assert (none.reason, none.source) == (Reason.UNKNOWN, "")
    assert none.unanswered == ("worker 1 of green does not answer",)


UP = b'{"status": "success", "data": {"result": [{"metric": {}, "value": [1, "%s"]}]}}'


def other(url: str, **environ: str) -> Prometheus:
    reference = {"secretRef": "env:PROMETHEUS_TOKEN"} if environ else {}
    return Prometheus("local", document(prometheus={"url": url, **reference}), environ)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, b"<html>log in</html>"), "does not answer as Prometheus does"),
        ((200, b'{"status": "success"}'), "does not answer as Prometheus does"),
        ((200, b"[]"), "does not answer as Prometheus does"),
        ((401, b""), "answered HTTP 401"),
        ((503, b""), "answered HTTP 503"),
        ((422, b'{"status": "error", "error": "query timed out"}'), "refused a query: query timed out"),
        ((200, b'{"status": "success", "data": {"result": []}}'), 'scrapes nothing with the label environment="local"'),
        ((200, UP % b"0"), 'gets no answer from what has the label environment="local"'),
    ],
)
def test_a_prometheus_that_cannot_tell_is_said_and_the_local_judgement_is_used(
    web: Any, answer: tuple[int, bytes], why: str
) -> None:
    server = web(lambda _request: answer)
    judged = judge("local", document(), [other(server.url), Slots(Counted(blue=requests(99, 1)), ("blue",))])
    (said,) = judged.unanswered
    assert (server.url in said, why in said) == (True, True), said
    assert judged.source == "what the slots counted since they began"


def test_a_prometheus_that_cannot_be_reached_is_said() -> None:
    judged = judge("local", document(), [other("http://127.0.0.1:1"), Slots(Counted(blue=requests(99, 1)), ("blue",))])
    (said,) = judged.unanswered
    assert said.startswith("http://127.0.0.1:1 refuses connections")
    assert by_name(judged)["uptime"].value == 0.99


def test_an_address_that_is_none_is_said(web: Any) -> None:
    judged = judge("local", document(), [other("http://a:b"), Slots(Counted(blue=requests(99, 1)), ("blue",))])
    assert judged.unanswered == ("http://a:b cannot be reached (InvalidURL)",)


@pytest.mark.slow
def test_a_token_is_sent_and_never_shown(web: Any) -> None:
    server = web(lambda _request: (401, b""))
    source = other(server.url, PROMETHEUS_TOKEN="s3cret")
    with pytest.raises(Failed) as failed:
        source.windows()
    assert server.seen[0][1]["Authorization"] == "Bearer s3cret"
    shown = f"{failed.value} {source!r} {Asking.of(Server.model_validate({'url': server.url}), {})!r}"
    assert "s3cret" not in shown


@pytest.mark.slow
def test_a_token_that_no_header_can_hold_is_named_and_never_shown(web: Any) -> None:
    server = web(lambda _request: (200, b""))
    for token in ("s3cret\n", "s3cret\u00e9"):
        with pytest.raises(Failed, match="PROMETHEUS_TOKEN holds characters that no header can") as failed:
            other(server.url, PROMETHEUS_TOKEN=token).windows()
        assert "s3cret" not in f"{failed.value} {failed.value.fix}"


def test_a_token_that_is_not_set_is_named(web: Any) -> None:
    source = Prometheus(
        "local", document(prometheus={"url": "http://127.0.0.1:1", "secretRef": "env:PROMETHEUS_TOKEN"}), {}
    )
    with pytest.raises(Failed, match="PROMETHEUS_TOKEN is not set"):
        source.windows()


@pytest.mark.slow
def test_a_bound_is_the_same_however_prometheus_writes_it(web: Any) -> None:
    answers = [UP % b"1"]

    def answer(_request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if answers:
            return 200, answers.pop()
        result = [{"metric": {"le": le}, "value": [0, "7"]} for le in ("30", "45.0", "+Inf")]
        return 200, json.dumps({"status": "success", "data": {"result": result}}).encode()

    window = other(web(answer).url).windows()(60)
    found = [window.increase(f"{metrics.REQUEST_DURATION}_bucket", le=le) for le in ("30.0", "45.0", "+Inf", "60.0")]
    assert found == [7, 7, 7, 0]


@pytest.mark.slow
def test_prometheus_and_the_processes_judge_alike(tmp_path: Path, web: Any) -> None:
    slot = Metrics()
    target = web(lambda _request: (200, slot.text()))

    def serve(times: int) -> None:
        for number in range(times):
            slot.runs.labels(INVOKE_AGENT, "support", "").observe(40 if number % 10 == 0 else 1)
            slot.rungs.labels("support", "L1" if number % 4 == 0 else "L0").inc()
            slot.context.labels("support", "m").observe(0.6)
        slot.memory.set(0.93)

    serve(0)
    for rung in ("L0", "L1"):
        slot.rungs.labels("support", rung)
    slot.runs.labels(INVOKE_AGENT, "support", "")
    slot.context.labels("support", "m")
    with prometheus(tmp_path, "groups: []\n") as server:
        scrape(tmp_path, target.url, "local")
        until(lambda: server.query("mooring_rungs_total"))
        serve(200)
        until(lambda: [value for _, value in server.query("sum(mooring_rungs_total)") if value == 200])
        until(lambda: [value for _, value in server.query("sum(increase(mooring_rungs_total[1h]))") if value > 199])
        source = Prometheus("local", document(prometheus={"url": server.url}), {})
        found = {one.name: one for one in judge("local", document(), [source]).measured}
    assert found["degradation"].holds is False
    assert found["degradation"].value == pytest.approx(0.25, abs=0.01)
    assert found["p99"].holds is False
    assert found["p99"].value == pytest.approx(43.5, abs=0.5)
    assert found["mean"].holds is True
    assert found["mean"].value == pytest.approx(4.9, abs=0.1)
    assert (found["memory"].holds, found["memory"].value) == (False, 0.93)
    assert found["context"].holds is True
    assert found["uptime"].holds is None, "nothing is known of it"
